# Left: tokens in focus against n.  Right: those of published heads.
eval size(640, 370)
set datafile missing NaN
tokens(l, n) = tanh(-n * log(l) / 2) / tanh(-log(l) / 2)
of(l) = abs(column("lambda") - l) < 1e-9 ? column("n") : NaN
set logscale xy
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.18
set lmargin at screen 0.085; set rmargin at screen 0.52
eval above("tokens in focus")
set xlabel "n"
set xrange [1:1.6e4]
set yrange [0.8:1.6e4]
set xtics ("1" 1, "100" 100, "10^4" 1e4)
set ytics ("1" 1, "10" 10, "100" 100, "1000" 1000, "10^4" 1e4)
set mxtics 1; set mytics 1
set label 1 "λ = 0.5" at 1.4e4,2.0 right tc lt 1
set label 2 "0.9"     at 1.4e4,13  right tc lt 2
set label 3 "0.99"    at 1.4e4,135  right tc lt 3
set label 4 "0.999"   at 1.4e4,1.2e3  right tc lt 4
set label 5 "all n"   at 700,1.6e3  right tc lt 7
plot x lt GREY lw 2, \
     tokens(0.5, x) lt 1, tokens(0.9, x) lt 2 dt DASH, \
     tokens(0.99, x) lt 3, tokens(0.999, x) lt 4 dt DOTS, \
     "decay.tsv" using (of(0.5)):"direct"   with points lt 1, \
     "decay.tsv" using (of(0.9)):"direct"   with points lt 2, \
     "decay.tsv" using (of(0.99)):"direct"  with points lt 3, \
     "decay.tsv" using (of(0.999)):"direct" with points lt 4

unset logscale x
set lmargin at screen 0.62; set rmargin at screen 0.985
eval above("tokens, of all there are")
set xlabel "head"
set xrange [-0.6:8.1]
set xtics ("1" 0.15, "2" 1.15, "3" 2.15, "4" 3.15, "5" 4.15, "6" 5.15, "7" 6.15, "8" 7.15)
do for [i = 1:5] { unset label i }
set label 1 "RetNet" at -0.4,9000 left tc lt 1
set label 2 "ALiBi"  at -0.4,4200 left tc lt 2
set boxwidth 0.33
head(name, s) = strcol("family") eq name ? $0 - 8 * (name eq "ALiBi") + s : NaN
plot "heads.tsv" using (head("RetNet", 0)):"tokens"  with boxes lt 1 fs solid, \
     "heads.tsv" using (head("ALiBi", 0.36)):"tokens" with boxes lt 2 fs solid
unset multiplot
