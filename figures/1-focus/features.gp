# Left: S of rectified normal features against the width, for three queries.
# Right: the ratio of norms in it.
eval size(640, 370)
set datafile missing NaN
of(name) = strcol("query") eq name ? column("d") : NaN
bar(i) = 2 * column("se")
set logscale x 2
set xlabel "width"
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.18
set lmargin at screen 0.075; set rmargin at screen 0.52
eval above("S")
set xrange [0.85:300]
set yrange [0.5:1.03]
set xtics (1, 4, 16, 64, 256)
set ytics 0.1
set label 1 "equal entries"     at 7.5,0.935 right tc lt 1
set label 2 "rectified normal"  at 18,0.81 left tc lt 2
set label 3 "a single entry"    at 18,0.59 left tc lt 3
plot 1 / sqrt(1 + (pi - 1) / x) lt 1 lw 1.4, \
     "features.tsv" using (of("relu")):"theory" smooth mcsplines lt 2 lw 1.4 dt DASH, \
     1 / sqrt(pi) lt 3 lw 1.4, \
     "features.tsv" using (of("dense")):"S":(bar(0))  with yerrorbars lt 1, \
     "features.tsv" using (of("relu")):"S":(bar(0))   with yerrorbars lt 2, \
     "features.tsv" using (of("onehot")):"S":(bar(0)) with yerrorbars lt 3

set lmargin at screen 0.61; set rmargin at screen 0.985
eval above("ratio of the norms")
set logscale y
set yrange [0.02:40]
set ytics ("0.1" 0.1, "1" 1, "10" 10)
set mytics 1
do for [i = 1:3] { unset label i }
set label 1 "the source's bound" at 1.2,16 left tc lt 2
set label 2 "largest possible" at 250,1.35 right tc lt 7
set label 3 "least possible" at 12,0.14 right tc lt 7
plot sqrt(x) lt 2 lw 1.4 dt DASH, 1 lt GREY lw 1.4, 1 / sqrt(x) lt GREY lw 1.4, \
     sqrt(pi / x) lt GREY lw 1 dt DOTS, \
     "ratio.tsv" using "d":"mean":"least":"most" with yerrorbars lt 1
unset multiplot
