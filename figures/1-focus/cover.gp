# The cover's panel: softmax falls, linear attention stays above its floor.
eval size(320, 180)
set datafile missing NaN
of(name, b) = strcol("f") eq name && abs(column("beta") - b) < 1e-9 ? \
    column("gamma") : NaN
set xrange [0:3.6]
set yrange [0:1.06]
set xtics ("spread of the logits" 1.8) scale 0
set ytics ("0" 0, "1" 1)
set lmargin 3; set rmargin 1; set bmargin 1.8; set tmargin 0.5
set label 1 "linear"  at 3.5,0.89 right tc lt 1
set label 2 "softmax" at 1.75,0.36 left tc lt 2
plot sqrt(2 / pi) lt GREY lw 1.4, exp(-x**2 / 2) lt 2, \
     "curves.tsv" using (of("identity", 0)):"S" with linespoints lt 1, \
     "curves.tsv" using (of("exp", 0)):"S" with points lt 2
