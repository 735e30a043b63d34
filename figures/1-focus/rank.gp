# Singular values over the largest; mean over draws.
set datafile missing NaN
set logscale y
set xlabel "number"
eval above("singular value over the largest")
set xrange [0:130]
set yrange [1e-5:2]
set format y "10^{%T}"
set ytics 1e-6, 10
set mytics 1
set xtics (1, 32, 64, 96, 128)
set lmargin 7; set rmargin 1.5; set bmargin 3; set tmargin 2
set label 1 "softmax, causal" at 62,0.2  left tc lt 2
set label 2 "linear, causal"  at 66,0.0025 right tc lt 1
set label 3 "linear"          at 3,0.013  left tc lt 3
set label 4 "its far block"   at 3,0.005  left tc lt 4
some(c) = column(c) > 1e-9 ? column(c) : NaN
plot "rank.tsv" using "index":(some("softmax_causal")) with lines lt 2 dt DASH, \
     "rank.tsv" using "index":(some("causal"))         with lines lt 1, \
     "rank.tsv" using "index":(some("bidirectional"))  with linespoints lt 3, \
     "rank.tsv" using "index":(some("far"))            with linespoints lt 4
