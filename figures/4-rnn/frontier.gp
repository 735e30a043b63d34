# Attention steps against floats of the ways to generate.  Filled marks are
# counted by the program, open ones come from the formulas.
eval size(640, 400)
scheme(s, n) = strcol("scheme") eq s && column("n") == n ? column("floats") : NaN
known(s, n, m) = column("measured") == m ? scheme(s, n) : NaN
set logscale xy
set xlabel "floats"
set format x "10^{%T}"
set format y "10^{%T}"
set mxtics 1; set mytics 1
set multiplot
set tmargin at screen 0.9; set bmargin at screen 0.175
do for [p = 1:2] {
    n = p == 1 ? 64 : 256
    set lmargin at screen p == 1 ? 0.1 : 0.585
    set rmargin at screen p == 1 ? 0.5 : 0.985
    eval above(sprintf("attention steps, n = %d", n))
    set xrange [80:3e4 * (p == 1 ? 1 : 3)]
    set yrange [p == 1 ? 2e3 : 2e4 : p == 1 ? 4e7 : 4e10]
    unset label
    eval above(sprintf("attention steps, n = %d", n))
    if (p == 1) {
        set label "no cache"     at 200,2.2e7 center tc lt 1
        set label "every 8th"    at 760,8.5e6 left tc lt GREY
        set label "4th"          at 1260,5.1e6 left tc lt GREY
        set label "every 2nd"    at 2300,1.75e6 left tc lt GREY
        set label "in place"     at 1500,2e5 left tc lt 3
        set label "two segments" at 900,6e4 center tc lt 2
        set label "hidden cache" at 3000,4.2e3 center tc lt 4
        set label "KV"           at 12000,1.4e4 center tc lt 5
    }
    plot for [m = 0:1] for [k = 1:5] "frontier.tsv" \
             using (known(word("zero-cache segments in-place hidden-cache kv-cache", k), n, m)):"steps" \
             with points lt k pt (m ? 7 : 6) ps 1, \
         for [m = 0:1] "frontier.tsv" using (known("every f", n, m)):"steps" \
             with points lt GREY pt (m ? 5 : 4) ps 0.8
}
unset multiplot
