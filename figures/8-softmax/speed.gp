# Time a logit against the number of logits.  Left: normal logits, of which few
# pass the filter; right: all equal, so that all pass.
eval size(640, 370)
set datafile missing NaN
of(name, kind) = strcol("map") eq name && strcol("data") eq kind ? column("n") : NaN
set logscale xy
set xlabel "logits"
set xrange [70:1.5e6]
set yrange [1.5:3500]
set format x "10^{%T}"
set xtics 100, 100
set ytics ("1 ns" 1, "10 ns" 10, "100 ns" 100)
set mxtics 1; set mytics 1
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
do for [k = 1:2] {
    kind = k == 1 ? "normal" : "equal"
    set lmargin at screen k == 1 ? 0.13 : 0.595
    set rmargin at screen k == 1 ? 0.515 : 0.985
    eval above(k == 1 ? "a logit, normal" : "a logit, all equal")
    if (k == 2) {
        set format y ""; set ytics ("" 1, "" 10, "" 100)
        set label 1 "bisection"        at 80,1000 left tc lt 2
        set label 2 "Newton"           at 1.2e6,1700 right tc lt 4
        set label 3 "sorted"           at 2e3,26  left  tc lt 1
        set label 4 "selected"         at 2e3,12   left  tc lt 3
        set label 5 "softmax"          at 2e3,3.2  left  tc lt 7
    }
    plot "speed.tsv" using (of("softmax", kind)):"ns" with linespoints lt GREY lw 2 pt 7 ps 0.5, \
         "speed.tsv" using (of("sparsemax, selected", kind)):"ns" with linespoints lt 3 dt DASH, \
         "speed.tsv" using (of("entmax-1.5, sorted", kind)):"ns" with linespoints lt 1, \
         "speed.tsv" using (of("entmax-1.5, Newton", kind)):"ns" with linespoints lt 4 dt DASH, \
         "speed.tsv" using (of("entmax-1.5, bisection", kind)):"ns" with linespoints lt 2 dt DOTS
}
unset multiplot
