# The weight of the first of two logits.  Lines are the formulas, marks the
# program.
softmax(d, T) = 1 / (1 + exp(-d / T))
sparsemax(d) = d < -1 ? 0 : d > 1 ? 1 : (1 + d) / 2

set xlabel "lead over the second logit"
eval above("weight of the first logit")
set xrange [-4:4]
set yrange [-0.02:1.22]
set xtics 1
set ytics 0.25
set samples 801
set lmargin 6; set rmargin 1.5; set bmargin 2.8; set tmargin 2

set label 1 "T = 2"            at -3.9,0.29 left   tc lt 1
set label 2 "T = 1/2"          at -1.6,0.12 right  tc lt 1
set label 3 "softmax, T = 1/8" at  0.15,0.93 right tc lt 1
set label 4 "sparsemax"        at  1.1,1.1 left    tc lt 3

plot softmax(x, 2)     lt 1 lw 1.6 dt DOTS, \
     softmax(x, 0.5)   lt 1 lw 1.6, \
     softmax(x, 0.125) lt 1 lw 1.6 dt DASH, \
     sparsemax(x)      lt 3 lw 2.8, \
     "pair.tsv" using "delta":"hot"       with points lt 1, \
     "pair.tsv" using "delta":"warm"      with points lt 1, \
     "pair.tsv" using "delta":"cold"      with points lt 1, \
     "pair.tsv" using "delta":"sparsemax" with points lt 3 ps 0.8
