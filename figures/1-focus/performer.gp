# Random positive features: S above, correlation with softmax's weights below.
# Left long keys, right short ones.
eval size(640, 600)
set datafile missing NaN
at(c, g) = strcol("case") eq c && abs(column("gamma") - g) < 1e-9
of(c, g) = at(c, g) ? column("features") : NaN
g(k) = 2.**(k - 2)
shift(c, k) = of(c, g(k)) * (1 + 0.07 * (k - 2))     # bars side by side
set logscale x 2
set xrange [11:1500]
set xtics (16, 64, 256, 1024)
set yrange [-0.08:1.04]
set ytics 0.5
set multiplot
do for [p = 1:4] {
    set lmargin at screen p % 2 ? 0.07 : 0.57
    set rmargin at screen p % 2 ? 0.485 : 0.985
    set tmargin at screen p < 3 ? 0.945 : 0.465
    set bmargin at screen p < 3 ? 0.595 : 0.115
    set xlabel p < 3 ? "" : "random features"
    what = p < 3 ? "S" : "correlation"
    do for [i = 1:5] { unset label i }
    eval above(what . (p % 2 ? ", long keys" : ", short keys"))
    if (p == 1) {
        set label 1 "softmax" at 1100,0.82 right tc lt 1
        set label 2 "γ = 0.5" at 16,0.66 left tc lt 1
        set label 5 "floor"   at 16,0.05 left tc lt 7
        plot "performer.tsv" using (of("wide", 0.5)):"exact" with lines lt 1 lw 1 dt DASH, \
             "performer.tsv" using (of("wide", 0.5)):"floor" with lines lt GREY dt DOTS, \
             "performer.tsv" using (of("wide", 0.5)):"S":"sd" with yerrorlines lt 1
    }
    if (p == 3) {
        plot "performer.tsv" using (of("wide", 0.5)):"correlation":"correlation_sd" with yerrorlines lt 1
    }
    if (p == 2) {
        set label 1 "γ = 0.5"    at 300,0.96 left tc lt 1
        set label 2 "1"          at 500,0.75 center tc lt 2
        set label 3 "2"          at 500,0.54 center tc lt 3
        set label 4 "softmax, 2" at 1100,0.11 right tc lt 3
        set label 5 "floor"      at 16,0.38 left tc lt 7
        plot for [k = 1:3] "performer.tsv" using (of("narrow", g(k))):"exact" with lines lt k lw 1 dt DASH, \
             "performer.tsv" using (of("narrow", 2)):"floor" with lines lt GREY dt DOTS, \
             for [k = 1:3] "performer.tsv" using (shift("narrow", k)):"S":"sd" with yerrorlines lt k
    }
    if (p == 4) {
        plot for [k = 1:3] "performer.tsv" using (shift("narrow", k)):"correlation":"correlation_sd" with yerrorlines lt k
    }
}
unset multiplot
