# Left: logits of windows of text, less their mean and over their spread.
# Right: S of four maps, measured and as normal logits would have it.
eval size(640, 380)
set datafile missing "-"
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.175
set lmargin at screen 0.11; set rmargin at screen 0.52
eval above("density of logits")
set logscale y
set xlabel "spreads above the mean"
set xrange [-4:12]
set yrange [1e-5:2]
set xtics 4
set ytics ("1" 1, "0.1" 0.1, "0.01" 0.01, "0.001" 1e-3, "10^{−4}" 1e-4, "10^{−5}" 1e-5)
set mytics 1
some(c) = column(c) > 0 ? column(c) : NaN
set label 1 "text"   at 4.5,0.02 left tc lt 1
set label 2 "normal" at 4.9,2.6e-5 left tc lt 7
plot exp(-x**2 / 2) / sqrt(2 * pi) lt GREY lw 2, \
     "prose.tsv" using "z":(some("density")) with linespoints lt 1

unset logscale y
set lmargin at screen 0.70; set rmargin at screen 0.985
eval above("S")
unset xlabel
set xrange [0:1.06]
set yrange [-0.6:3.9]
set xtics ("0" 0, "0.5" 0.5, "1" 1)
set ytics ("e^s" 3, "max(s, 0)^2" 2, "identity" 1, "features" 0) scale 0
set grid noytics
place(i) = strcol("map") eq "exp" ? 3 : strcol("map") eq "relu2" ? 2 : strcol("map") eq "identity" ? 1 : 0
set label 1 "measured" at 0.02,3.6 left tc lt 1
set label 2 "if normal" at 0.62,3.6 left tc lt 2
plot "prose-maps.tsv" using "S":(place(0)):"sd" with xerrorbars lt 1, \
     "prose-maps.tsv" using "gaussian":(place(0)) with points lt 2 pt 4 ps 0.9
unset multiplot
