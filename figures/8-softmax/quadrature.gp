# Three rules for the integral of perturb-max; left the largest error of a
# weight, right how far the weights are from one in sum.
eval size(640, 370)
of(rule) = strcol("rule") eq rule ? column("points") : NaN
set logscale xy
set format y "10^{%T}"
set format x "10^{%T}"
set xrange [6:2e4]
set yrange [1e-16:0.3]
set xtics 10, 10
set mxtics 1; set mytics 1
set xlabel "points"
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.18

set lmargin at screen 0.10; set rmargin at screen 0.49
eval above("largest error")
set ytics 1e-16, 1e4
set label 1 "grid"          at 1.3e3,4e-2   center tc lt 2
set label 2 "midpoints"     at 6e2,2e-8   center tc lt 1
set label 3 "Gauss, Hermite" at 120,1e-12 left tc lt 3
plot "quadrature.tsv" using (of("grid")):"error"     with linespoints lt 2 dt DASH, \
     "quadrature.tsv" using (of("midpoint")):"error" with linespoints lt 1, \
     "quadrature.tsv" using (of("hermite")):"error"  with linespoints lt 3 dt DOTS

set lmargin at screen 0.61; set rmargin at screen 0.985
eval above("error of the sum")
set yrange [1e-8:0.3]
set ytics 1e-8, 1e2
set label 1 "predicted" at 2e2,5e-2 left tc lt 7
set label 2 "midpoints" at 15,1e-6 left
unset label 3
plot 1.5 / x lt GREY lw 2, \
     "quadrature.tsv" using (of("grid")):"sum"     with points lt 2 ps 0.8, \
     "quadrature.tsv" using (of("midpoint")):"sum" with linespoints lt 1
unset multiplot
