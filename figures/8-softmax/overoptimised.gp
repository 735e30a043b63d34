# The lead of the right logit while gradient descent goes on with examples that
# are already right.
set logscale x
set xlabel "steps"
eval above("lead of the right logit")
set format x "10^{%T}"
set mxtics 1
set lmargin 5; set rmargin 2; set bmargin 3; set tmargin 2
set yrange [0:*]
set label 1 "cross-entropy"    at graph 0.60,0.83 right tc lt 1
set label 2 "entmax 1.5 loss"  at graph 0.98,0.36 right tc lt 5
set label 3 "sparsemax loss"   at graph 0.98,0.07 right tc lt 3
plot 1 lt GREY lw 1, 2 lt GREY lw 1, \
     "overoptimised.tsv" using "step":"cross"  with linespoints lt 1 pi 6, \
     "overoptimised.tsv" using "step":"entmax" with linespoints lt 5 dt DOTS pi 6, \
     "overoptimised.tsv" using "step":"sparse" with linespoints lt 3 dt DASH pi 6
