# Time a logit of the fast maps, on floats and all threads, beside the least that
# a sparse map can do.
eval size(640, 370)
set datafile missing NaN
of(name, kind) = strcol("map") eq name && strcol("data") eq kind ? column("n") : NaN
set logscale xy
set xlabel "logits"
set xrange [70:1.5e6]
set yrange [0.03:2000]
set format x "10^{%T}"
set xtics 100, 100
set ytics ("0.1 ns" 0.1, "1 ns" 1, "10 ns" 10)
set mxtics 1; set mytics 1
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
do for [k = 1:2] {
    kind = k == 1 ? "normal" : "equal"
    set lmargin at screen k == 1 ? 0.13 : 0.595
    set rmargin at screen k == 1 ? 0.515 : 0.985
    eval above(k == 1 ? "a logit, normal" : "a logit, all equal")
    if (k == 2) {
        set format y ""; set ytics ("" 0.1, "" 1, "" 10)
    }
    if (k == 2) {
        set key at graph 0.99,0.99 right top samplen 2 spacing 1.1
    } else {
        unset key
    }
    plot "speed.tsv" using (of("entmax-1.25, fast", kind)):"ns" with linespoints lt 4 dt DASH title "entmax 1.25", \
         "speed.tsv" using (of("entmax-1.5, fast", kind)):"ns" with linespoints lt 1 title "entmax 1.5", \
         "speed.tsv" using (of("softmax, fast", kind)):"ns" with linespoints lt 7 lw 2 pt 7 ps 0.5 title "softmax", \
         "speed.tsv" using (of("sparsemax, fast", kind)):"ns" with linespoints lt 3 title "sparsemax", \
         "speed.tsv" using (of("two readings, one writing", kind)):"ns" with lines lt GREY lw 2 title "two readings, one writing"
}
unset multiplot
