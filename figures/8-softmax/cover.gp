# The cover's panel: where circles of logits go.
eval size(320, 180)
unset border; unset tics; unset grid
set size ratio -1
set xrange [-0.52:1.52]
set yrange [-0.72:1.28]
x(p) = column(p . "1") + column(p . "2") / 2
y(p) = column(p . "2") * sqrt(0.75)

$simplex << E
0	0
1	0
0.5	0.8660254
0	0
E

set multiplot
set bmargin at screen 0.11; set tmargin at screen 0.99
set lmargin at screen 0; set rmargin at screen 0.5
set label 1 "sparsemax" at graph 0.5,-0.04 center tc lt 3
plot "simplex.tsv" using (x("x")):(y("x")):(x("p") - x("x")):(y("p") - y("x")) \
         with vectors nohead lt 3 lw 0.8, \
     "simplex.tsv" using (x("x")):(y("x")) with points lt 3 pt 7 ps 0.2, \
     $simplex with lines lt GREY
set lmargin at screen 0.5; set rmargin at screen 1
set label 1 "softmax" tc lt 1
plot "simplex.tsv" using (x("x")):(y("x")):(x("s") - x("x")):(y("s") - y("x")) \
         with vectors nohead lt 1 lw 0.8, \
     "simplex.tsv" using (x("x")):(y("x")) with points lt 1 pt 7 ps 0.2, \
     $simplex with lines lt GREY
unset multiplot
