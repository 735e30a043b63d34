# Left: S against r = beta/gamma; right: against a factor on the query.
eval size(640, 370)
set datafile missing NaN
of(name) = strcol("f") eq name ? column("r") : NaN
bar(i) = 2 * column("se")
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.18
set lmargin at screen 0.07; set rmargin at screen 0.50
eval above("S")
set xlabel "r"
set xrange [-4.1:4.1]
set yrange [-0.02:1.04]
set xtics 2
set ytics 0.5
set label 1 "identity" at 0.0,0.87  center tc lt 1
set label 2 "square"   at 0,0.69 center tc lt 2
set label 3 "cube"     at -1.4,0.475 right tc lt 4
set label 4 "max(s, 0)^2" at -1.5,0.06 left tc lt 3
plot sqrt(2 / pi) lt GREY lw 1, 1 / sqrt(3) lt GREY lw 1, 0.412025815491 lt GREY lw 1, \
     "floor.tsv" using "r":"identity" with lines lt 1, \
     "floor.tsv" using "r":"square"   with lines lt 2 dt DASH, \
     "floor.tsv" using "r":"cube"     with lines lt 4 dt DOTS, \
     "floor.tsv" using "r":"relu2"    with lines lt 3, \
     "floor-mc.tsv" using (of("identity")):"S":(bar(0)) with yerrorbars lt 1, \
     "floor-mc.tsv" using (of("square")):"S":(bar(0))   with yerrorbars lt 2, \
     "floor-mc.tsv" using (of("cube")):"S":(bar(0))     with yerrorbars lt 4, \
     "floor-mc.tsv" using (of("relu2")):"S":(bar(0))    with yerrorbars lt 3

set lmargin at screen 0.575; set rmargin at screen 0.985
eval above("S of a query times c")
set xlabel "c"
set logscale x
set xrange [0.09:11]
set xtics ("0.1" 0.1, "1" 1, "10" 10)
set label 1 "identity"    at 10,0.85 right tc lt 1
set label 2 "square"      at 10,0.635  right tc lt 2
set label 3 "max(s, 0)^2" at 10,0.36 right tc lt 3
set label 4 "exponential" at 10.5,0.09 right tc lt 5
plot "norm.tsv" using "c":"identity" with linespoints lt 1 pi 5, \
     "norm.tsv" using "c":"square"   with linespoints lt 2 dt DASH pi 5, \
     "norm.tsv" using "c":"relu2"    with linespoints lt 3 pi 5, \
     "norm.tsv" using "c":"exp"      with linespoints lt 5 pi 5
unset multiplot
