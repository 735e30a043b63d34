# Left: along training, each loss at its best rate.  Right: after training,
# against the rate; a ring is the rate that the validation images chose.
eval size(640, 370)
set datafile missing NaN                # lines run on over other losses' rows
stats "digits.tsv" using "epoch" name "E" nooutput
is(name) = strcol("loss") eq name
chosen(name) = is(name) && column("chosen") == 1
along(name) = chosen(name) ? column("epoch") : NaN
fifth(name) = int(column("epoch")) % 5 == 0 ? along(name) : NaN
after(name) = is(name) && column("epoch") == E_max ? column("rate") : NaN
best(name) = chosen(name) ? after(name) : NaN
M = "misread [%]"
C = "cross-entropy"
S = "sparsemax loss"
P = "as printed, softmax"
Q = "as printed, sparsemax"

set logscale y
set multiplot
set tmargin at screen 0.90; set bmargin at screen 0.18

set lmargin at screen 0.105; set rmargin at screen 0.52
eval above("test images misread")
set xlabel "epochs"
set xrange [-0.8:E_max + 0.8]
set yrange [1.8:120]
set xtics 20
set ytics ("3 %%" 3, "10 %%" 10, "30 %%" 30, "90 %%" 90)
set label 1 "the loss as printed" at E_max,62 right tc lt 2
set label 2 "cross-entropy"       at 9,7.6    left  tc lt 1
set label 3 "sparsemax loss"      at 9,2.3    left  tc lt 3
plot "digits.tsv" using (along(P)):M with lines lt 2 dt DOTS, \
     "digits.tsv" using (fifth(P)):M:"se" with yerrorbars lt 2, \
     "digits.tsv" using (along(Q)):M with lines lt 2, \
     "digits.tsv" using (fifth(Q)):M:"se" with yerrorbars lt 2 pt 4, \
     "digits.tsv" using (along(C)):M with lines lt 1, \
     "digits.tsv" using (fifth(C)):M:"se" with yerrorbars lt 1, \
     "digits.tsv" using (along(S)):M with lines lt 3 dt DASH, \
     "digits.tsv" using (fifth(S)):M:"se" with yerrorbars lt 3

set lmargin at screen 0.625; set rmargin at screen 0.975
eval above("after training")
set xlabel "learning rate"
set logscale x 2
set xrange [0.0008:0.62]
set yrange [2.8:8.5]
set xtics ("1/1024" 1./1024, "1/32" 1./32, "1/2" 1./2)
set ytics ("3 %%" 3, "4 %%" 4, "5 %%" 5, "6 %%" 6, "8 %%" 8)
unset label 1
set label 2 at 0.0026,7.1
set label 3 at 0.0011,3.04
plot "digits.tsv" using (after(C)):M with lines lt 1 lw 1.4, \
     "digits.tsv" using (after(C)):M:"se" with yerrorbars lt 1, \
     "digits.tsv" using (best(C)):M with points lt 1 pt 6 ps 1.4, \
     "digits.tsv" using (after(S)):M with lines lt 3 lw 1.4 dt DASH, \
     "digits.tsv" using (after(S)):M:"se" with yerrorbars lt 3, \
     "digits.tsv" using (best(S)):M with points lt 3 pt 6 ps 1.4
unset multiplot
