# Perturb-max by drawing: how far the shares of the winners are from the
# closed forms, against one binomial standard error.
set logscale xy
set xlabel "draws"
eval above("largest error of a weight")
set xrange [600:1.7e7]
set yrange [1.5e-5:0.1]
set format x "10^{%T}"
set format y "10^{%T}"
set xtics 10, 100
set ytics 100
set mxtics 1; set mytics 1
set lmargin 7; set rmargin 2; set bmargin 3; set tmargin 2
of(noise, shift) = strcol("noise") eq noise ? column("samples") * shift : NaN

set label 1 "three standard errors, at most" at 3e3,0.045 left tc lt 7
plot 1.5 / sqrt(x) lt GREY lw 2, 0.5 / sqrt(x) lt GREY lw 1 dt DASH, \
     "montecarlo.tsv" using (of("gumbel", 0.80)):"error"      with points lt 1 ps 0.7, \
     "montecarlo.tsv" using (of("normal", 0.87)):"error"      with points lt 3 ps 0.8, \
     "montecarlo.tsv" using (of("logistic", 0.95)):"error"    with points lt 5 ps 0.8, \
     "montecarlo.tsv" using (of("laplace", 1.04)):"error"     with points lt 4 ps 0.8, \
     "montecarlo.tsv" using (of("exponential", 1.14)):"error" with points lt 2 ps 0.7
