# Circles of logits, in the plane of the simplex, and where each map takes them.
eval size(640, 330)
unset border; unset tics; unset grid
set size ratio -1
set xrange [-0.5:1.5]
set yrange [-0.68:1.26]

# The picture of a point whose three entries sum to one.
x(p) = column(p . "1") + column(p . "2") / 2
y(p) = column(p . "2") * sqrt(0.75)
having(k) = column("support") == k ? x("x") : NaN

$simplex << E
0	0
1	0
0.5	0.8660254
0	0
E
# Sparsemax leaves three, two or one positive weight.  The borders between,
# from the geometry: at every corner the lines at right angles to its sides.
$borders << E
0	0	0	-3
0	0	-2.598	1.5
1	0	0	-3
1	0	2.598	1.5
0.5	0.8660254	-2.598	1.5
0.5	0.8660254	2.598	1.5
E

set multiplot
set bmargin at screen 0.10; set tmargin at screen 0.995
set lmargin at screen 0.005; set rmargin at screen 0.495
set label 1 "sparsemax" at graph 0.5,-0.06 center tc lt 3
set label 2 "3" at 0.5,0.2887   center front
set label 3 "2" at 0.5,-0.46    center front
set label 4 "2" at 1.148,0.663  center front
set label 5 "2" at -0.148,0.663 center front
set label 6 "1" at -0.148,-0.086 center front
set label 7 "1" at 1.148,-0.086 center front
set label 8 "1" at 0.5,1.03     center front
plot $borders using 1:2:3:4 with vectors nohead lt GREY lw 1 dt DASH, \
     "simplex.tsv" using (x("x")):(y("x")):(x("p") - x("x")):(y("p") - y("x")) \
         with vectors nohead lt 3 lw 0.7, \
     $simplex with lines lt GREY lw 2, \
     "simplex.tsv" using (x("p")):(y("p")) with points lt 3 pt 7 ps 0.3, \
     "simplex.tsv" using (having(3)):(y("x")) with points lt 3 pt 8 ps 0.6 lw 1, \
     "simplex.tsv" using (having(2)):(y("x")) with points lt 3 pt 4 ps 0.45 lw 1, \
     "simplex.tsv" using (having(1)):(y("x")) with points lt 3 pt 6 ps 0.45 lw 1

do for [i = 2:8] { unset label i }
set lmargin at screen 0.505; set rmargin at screen 0.995
set label 1 "softmax" tc lt 1
plot "simplex.tsv" using (x("x")):(y("x")):(x("s") - x("x")):(y("s") - y("x")) \
         with vectors nohead lt 1 lw 0.7, \
     $simplex with lines lt GREY lw 2, \
     "simplex.tsv" using (x("s")):(y("s")) with points lt 1 pt 7 ps 0.35, \
     "simplex.tsv" using (x("x")):(y("x")) with points lt 1 pt 6 ps 0.45 lw 1
unset multiplot
