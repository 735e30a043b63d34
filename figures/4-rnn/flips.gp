# Share recalled against pairs, by one cell fed in two ways; grey is a guess by
# the frequency of the values.
eval size(640, 375)
of(k) = column("task") == k ? column("pairs") : NaN
array trained[2]                        # the most pairs in training
do for [p = 1:2] {
    stats "flips.tsv" using (column("task") == 2 * p - 1 ? column("trained") : NaN) \
        name "T" nooutput
    trained[p] = T_max
}
set logscale x 2
set xlabel "pairs"
set yrange [-0.03:1.08]
set ytics 0.5
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
do for [p = 1:2] {
    task = 2 * p - 1
    set lmargin at screen p == 1 ? 0.075 : 0.555
    set rmargin at screen p == 1 ? 0.505 : 0.985
    unset label; unset arrow
    eval above(p == 1 ? "share recalled, 64 keys" : "share recalled, 16 keys")
    set xrange [0.85:p == 1 ? 75 : 18.7]
    set arrow from trained[p],graph 0 to trained[p],graph 1 nohead lt GREY lw 1 dt DOTS back
    if (p == 1) {
        set label "turning back" at 60,0.88 right tc lt 1
        set label "once"         at 12,0.68  left  tc lt 2
        set label "frequency"    at 1,0.3  left  tc lt GREY
    }
    plot "flips.tsv" using (of(task)):"bag" with lines lt GREY lw 2, \
         "flips.tsv" using (of(task)):"plain":"se_plain" with yerrorlines lt 2 dt DASH, \
         "flips.tsv" using (of(task)):"flip":"se_flip" with yerrorlines lt 1
}
unset multiplot
