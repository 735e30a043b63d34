# Left: accuracy of recall against the number of pairs, for four ways to weigh.
# Right: their tokens in focus; grey, what normal keys would leave at least.
eval size(640, 370)
set datafile missing NaN
of(m) = strcol("mixer") eq m ? column("pairs") : NaN
set multiplot
set tmargin at screen 0.88; set bmargin at screen 0.17
set logscale x 2
set xlabel "pairs"
set xtics (8, 32, 128, "" 16, "" 64)
M = "softmax relu2 linear decay"

set lmargin at screen 0.08; set rmargin at screen 0.455
eval above("recalled, %")
set xrange [7:150]
set yrange [0:104]
set ytics 50
set label 1 "softmax"     at 56,92 left tc lt 1
set label 2 "max(s, 0)^2" at 56,82 left tc lt 2
set label 3 "linear"      at 74,66  left tc lt 3
set label 4 "decay"       at 17,56  left tc lt 4
plot for [i in "3 4 2 1"] "recall-pairs.tsv" \
     using (of(word(M, i + 0))):"accuracy [%]":"se" with yerrorlines lt i + 0

set lmargin at screen 0.575; set rmargin at screen 0.845
eval above("tokens in focus")
set xrange [7:140]
set logscale y 2
set yrange [0.9:128]
set ytics (1, 4, 16, 64)
set label 1 "softmax"     at 160,1.36 left tc lt 1
set label 2 "max(s, 0)^2" at 160,14.8 left tc lt 2
set label 3 "linear"      at 160,8.6  left tc lt 3
set label 4 "decay"       at 160,3.2  left tc lt 4
set label 5 "if normal"   at 160,88   left tc lt GREY
plot "maps.tsv" using (strcol("map") eq "elu1" ? 8 : NaN):(8 / (1 + column("cv2"))): \
                (120):(120 / (1 + column("cv2"))) with vectors nohead lt GREY lw 2, \
     for [i = 1:4] "recall-pairs.tsv" using (of(word(M, i))):"tokens":"se_tokens" \
     with yerrorlines lt i
unset multiplot
