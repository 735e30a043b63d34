# Left: attention steps without a cache, counted, on the lines of the formula.
# Right: floats of working memory without a cache, level, and of a cache.
eval size(640, 375)
of(l) = column("L") == l ? column("n") : NaN
rising(m, k) = k == 0 ? 1 : rising(m, k - 1) * (m + k) / k
steps(l, n) = rising(n, l + 1) - n - 1          # (n + L + 1 over L + 1) - n - 1
D = 4                                   # layers shown
set logscale xy
set xlabel "tokens"
set xrange [3.5:80]
set xtics ("4" 4, "8" 8, "16" 16, "32" 32, "64" 64)
set format y "10^{%T}"
set mxtics 1; set mytics 1
tint(l) = int(substr("132546", l, l))
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185

set lmargin at screen 0.1; set rmargin at screen 0.46
eval above("attention steps")
do for [l = 1:D] {
    set label l sprintf(l > 1 ? "%d" : "L = %d", l) at 36,steps(l, 32) / 3 left tc lt tint(l)
}
set yrange [8:2e8]
plot for [l = 1:D] steps(l, x) lt tint(l) lw 1.4, \
     for [l = 1:D] "counts.tsv" using (of(l)):"steps" with points lt tint(l)

set lmargin at screen 0.575; set rmargin at screen 0.985
eval above("floats")
set yrange [40:2e4]
do for [l = 1:D] { unset label l }
set label 1 "with a cache" at 4.2,3000 left tc lt GREY
set label 2 "without"      at 70,65 right tc lt GREY
plot for [l = 1:D] "counts.tsv" using (of(l)):"floats" with linespoints lt tint(l), \
     for [l = 1:D] "counts.tsv" using (of(l)):"kv floats" with lines lt tint(l) dt DASH lw 1.2
unset multiplot
