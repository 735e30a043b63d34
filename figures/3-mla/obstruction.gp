# Left: scores of the small layer.  Right: singular values of the family of
# rotated products.
eval size(640, 350)
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
set lmargin at screen 0.09; set rmargin at screen 0.505
eval above("score")
set xlabel "key i, for the query t = 5"
set xrange [-0.4:5.4]
set yrange [-1.05:3.1]
set xtics 1
set ytics 1
set key at graph 1.0,1.02 right top samplen 1.8 spacing 1.05
plot 0 with lines lt GREY lw 0.8 notitle, \
     "obstruction.tsv" using "key":"rotated" with linespoints lt 1 title "rotated", \
     "obstruction.tsv" using "key":"unrotated" with linespoints lt 2 dt DASH title "rotation left out", \
     "obstruction.tsv" using "key":"decoupled" with lines lt 3 dt DOTS title "decoupled", \
     "obstruction.tsv" using "key":"decoupled_1000" with points lt 3 pt 6 ps 1 title "… and moved"
set lmargin at screen 0.615; set rmargin at screen 0.985
eval above("singular values")
set xlabel "which"
set xrange [0:70]
set xtics ("1" 1, "16" 16, "32" 32, "48" 48, "64" 64)
set logscale y
set yrange [1e-18:5]
set ytics ("1" 1, "10^{-5}" 1e-5, "10^{-10}" 1e-10, "10^{-15}" 1e-15)
set mytics 1
unset key
set label 1 "d_k = 16" at 19,1e-12 left tc lt 2
set label 2 "d_k = 64" at 44,1e-6 right tc lt 1
S = "family-values.tsv"
pos(c) = column(c) > 0 ? column(c) : NaN
plot S using "index":(pos("sigma_64")) with points lt 1 ps 0.4, \
     S using "index":(pos("sigma_16")) with points lt 2 ps 0.5
unset multiplot
