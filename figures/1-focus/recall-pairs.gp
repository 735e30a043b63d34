# Accuracy of recall against the number of pairs, for four mixers of one width.
set datafile missing NaN
of(m) = strcol("mixer") eq m ? column("pairs") : NaN
set logscale x 2
set xlabel "pairs"
eval above("recalled, %")
set xrange [7:260]
set yrange [-2:104]
set xtics (8, 16, 32, 64, 128)
set ytics 50
set lmargin 6; set rmargin 1.5; set bmargin 3; set tmargin 2
M = "softmax relu2 linear decay"
name(i) = i == 1 ? "softmax" : i == 2 ? "max(s, 0)^2" : i == 3 ? "linear" : "decay"
last(m) = (strcol("mixer") eq m && column("pairs") == 128) ? column("pairs") * 1.06 : NaN
plot for [i = 1:4] "recall-pairs.tsv" using (of(word(M, i))):"accuracy [%]":"se" \
         with yerrorlines lt i, \
     for [i = 1:4] "recall-pairs.tsv" using (last(word(M, i))):"accuracy [%]":(name(i)) \
         with labels left tc lt i
