# Left: what one shared key misses, against the number of heads.  Right: against
# the width of that key.
eval size(640, 350)
set yrange [0:1.18]
set ytics ("0" 0, "50 %%" 0.5, "100 %%" 1)
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
set lmargin at screen 0.105; set rmargin at screen 0.505
eval above("missed")
set logscale x 2
set xlabel "heads"
set xrange [1.7:40]
set xtics (2, 4, 8, 16, 32)
set xrange [1.7:38]
set label 1 "keys as they are" at 34,1.1 right tc lt 1
set label 2 "queries free" at 34,0.42 right tc lt 2
plot "shared-key.tsv" using "heads":"literal_predicted" with lines lt GREY, \
     "shared-key.tsv" using "heads":"literal":3 with yerrorbars lt 1, \
     "shared-key.tsv" using "heads":"bilinear":6 with yerrorbars lt 2, \
     "shared-key.tsv" using "heads":"bilinear" with lines lt 2 lw 1.2 dt DASH
unset logscale x
set lmargin at screen 0.585; set rmargin at screen 0.985
eval above("missed, with eight heads")
set ytics ("" 0, "" 0.5, "" 1)
set xlabel "numbers in the shared key"
set xrange [0:17]
set xtics (0, 4, 8, 12, 16)
set arrow 1 from 8, graph 0 to 8, graph 0.9 nohead lt GREY dt DASH
set label 1 "MQA" at 8.3,0.85 left tc lt 7
set label 2 "MLA" at 13.9,0.06 center tc lt 7
plot "shared-key-rank.tsv" using "rank":"residual" with linespoints lt 2
unset multiplot
