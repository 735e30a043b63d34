# Share of the weights on the right key against the number of pairs; the bound
# d/N for features that are not negative, d = 16 of them a head, and what
# sixteen random groups of keys would have.
eval size(640, 370)
set datafile missing NaN
of(m) = strcol("mixer") eq m ? column("pairs") : NaN
set logscale xy
set xlabel "pairs"
eval above("weight on the right key, %")
set xrange [7.2:230]
set yrange [9:130]
set xtics (8, 16, 32, 64, 128)
set ytics (10, 20, 50, 100)
set lmargin 6; set rmargin 1; set bmargin 3; set tmargin 2
d = 16.
set samples 400
bound(x) = d <= x && x <= 128 ? 100 * d / x : NaN
groups(x) = 8 <= x && x <= 128 ? 100 * d / x * (1 - (1 - 1 / d)**x) : NaN
set label 1 "softmax"     at 139,87   left tc lt 1
set label 2 "max(s, 0)^2" at 139,22   left tc lt 2
set label 3 "linear"      at 139,13.8 left tc lt 3
set label 4 "decay"       at 139,11.1 left tc lt 4
set label 5 "at most 16/N"   at 24,76 left tc lt GREY
set label 6 "sixteen groups" at 16.5,45 right tc lt GREY
plot bound(x) lt GREY lw 2, groups(x) lt GREY dt DASH, \
     for [i = 1:2] "recall-pairs.tsv" \
         using (of(word("softmax relu2", i))):"share [%]":"se_share" with yerrorlines lt i, \
     "recall-pairs.tsv" using (of("decay")):"share [%]" with points lt 4 pt 12 ps 1.5, \
     "recall-pairs.tsv" using (of("linear")):"share [%]" with points lt 3 ps 0.7
