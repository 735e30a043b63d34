# Tokens in focus of softmax over n normal logits, against their spread.
eval size(640, 400)
set datafile missing NaN
of(n) = abs(column("n") / n - 1) < 1e-9 ? column("gamma") : NaN
tokens(i) = 1 / column("sum_p2")
low(i) = 1 / (column("sum_p2") + 2 * column("se"))
high(i) = column("sum_p2") > 2 * column("se") ? 1 / (column("sum_p2") - 2 * column("se")) : NaN
freezing(n) = sqrt(2 * log(n))
set logscale y
set xlabel "γ"
eval above("tokens in focus")
set xrange [0:8.3]
set yrange [0.8:2e6]
set ytics ("1" 1, "10" 10, "100" 100, "1000" 1e3, "10^4" 1e4, "10^5" 1e5, "10^6" 1e6)
set mytics 1
set xtics 1
set lmargin 7; set rmargin 1.5; set bmargin 3; set tmargin 2
set label 1 "n = 256" at 0.1,60  left tc lt 1
set label 2 "4096"    at 0.1,1300 left tc lt 2
set label 3 "65536"   at 0.1,2.6e4 left tc lt 3
set label 4 "2^{20}"  at 0.9,9e5 left tc lt 4
N = "256 4096 65536 1048576"
n(i) = word(N, i) + 0.
naive(n, x) = n * exp(-x**2) > 0.9 ? n * exp(-x**2) : NaN
plot for [i = 1:4] naive(n(i), x) lt GREY lw 1.4 dt DASH, \
     for [i = 1:4] "energy.tsv" using (of(n(i))):(1 / column("exact")) with lines lt i, \
     for [i = 1:4] "energy-mc.tsv" using (of(n(i))):(tokens(0)):(low(0)):(high(0)) with yerrorbars lt i, \
     for [i = 1:4] "+" using (freezing(n(i)) / 2):(sqrt(n(i))) every ::0::0 with points lt i pt 10 ps 1.1 lw 1.2, \
     for [i = 1:4] "+" using (freezing(n(i))):(1.0) every ::0::0 with points lt i pt 8 ps 1.1 lw 1.2
