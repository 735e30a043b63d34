# Tokens in focus against n, for spreads of the logits that grow or do not.
eval size(640, 420)
set datafile missing NaN
of(name) = strcol("law") eq name ? column("n") : NaN
set logscale xy
set xlabel "n"
eval above("tokens in focus")
set xrange [50:2e6]
set yrange [0.6:1.5e6]
set xtics ("100" 100, "1000" 1e3, "10^4" 1e4, "10^5" 1e5, "10^6" 1e6)
set ytics ("1" 1, "10" 10, "100" 100, "1000" 1e3, "10^4" 1e4, "10^5" 1e5, "10^6" 1e6)
set mxtics 1; set mytics 1
set lmargin 7; set rmargin 13; set bmargin 3; set tmargin 2
set label 1 "γ = 1"          at graph 1.02, first 7e5 left tc lt 1
set label 2 "√(log n)"       at graph 1.02, first 44 left tc lt 2
set label 3 "√(2 log n)"     at graph 1.02, first 7  left tc lt 3
set label 4 "1.5 √(2 log n)" at graph 1.02, first 2.6 left tc lt 4
set label 5 "promised" at graph 1.02, first 0.95 left tc lt 7
plot x * exp(-1) lt GREY lw 2, 1 lt GREY lw 2, \
     "budget.tsv" using (of("fixed")):"tokens"    with linespoints lt 1, \
     "budget.tsv" using (of("root")):"tokens"     with linespoints lt 2, \
     "budget.tsv" using (of("critical")):"tokens" with linespoints lt 3 dt DASH, \
     "budget.tsv" using (of("beyond")):"tokens"   with linespoints lt 4 dt DOTS
