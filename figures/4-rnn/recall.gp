# Share recalled against pairs; grey is the prediction for linear attention.
eval size(640, 375)
of(d) = column("d") == d ? column("n") : NaN
knee(d) = 64 * d / (2 * log(64))
set logscale x 2
set xlabel "pairs"
set xrange [12:2800]
set xtics ("16" 16, "64" 64, "256" 256, "1024" 1024)
set yrange [-0.03:1.06]
set ytics 0.5
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
do for [p = 1:2] {
    d = p == 1 ? 16 : 64
    set lmargin at screen p == 1 ? 0.075 : 0.555
    set rmargin at screen p == 1 ? 0.505 : 0.985
    eval above(sprintf("share recalled, d = %d", d))
    unset label; unset arrow
    eval above(sprintf("share recalled, d = %d", d))
    set arrow from knee(d),graph 0 to knee(d),graph 1 nohead lt GREY lw 1 dt DOTS back
    if (p == 1) {
        set label "turning back"     at 2600,0.93 right tc lt 1
        set label "linear attention" at 170,0.5 left tc lt 3
        set label "delta rule"       at 14,0.14 left tc lt 2
    }
    plot "recall.tsv" using (of(d)):"predicted" with lines lt GREY lw 2, \
         "recall.tsv" using (of(d)):"linear":"se_linear" with yerrorbars lt 3, \
         "recall.tsv" using (of(d)):"delta":"se_delta" with yerrorlines lt 2 dt DASH, \
         "recall.tsv" using (of(d)):"flip":"se_flip" with yerrorlines lt 1
}
unset multiplot
