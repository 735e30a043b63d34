# Work and time of both forms against the number of queries, for 4096 latents.
eval size(640, 370)
set logscale x 2
set logscale y
set xlabel "queries"
set xrange [0.8:1300]
set xtics ("1" 1, "8" 8, "64" 64, "512" 512)
set mxtics 1; set mytics 1
K = 512 * 256.
star = 4096 * K / (K + 768 * 4096.)     # eq:crossover
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.175
do for [k = 1:2] {
    set lmargin at screen k == 1 ? 0.095 : 0.6
    set rmargin at screen k == 1 ? 0.495 : 0.985
    set arrow 1 from star, graph 0 to star, graph 1 nohead lt GREY dt DASH
    if (k == 1) {
        eval above("multiply-adds of a layer")
        set format y "10^{%T}"
        set label 1 "expand" at 1.1,1.4e11 left tc lt 1
        set label 2 "absorb" at 7,1.7e9 left tc lt 2
        set label 3 sprintf("%.0f", star) at star*0.85, graph 0.06 right tc lt 7
        plot "counts.tsv" using "queries":"expand_4096" with lines lt 1, \
             "counts.tsv" using "queries":"absorb_4096" with lines lt 2 dt DASH
    } else {
        eval above("ms, eight heads")
        set format y "%g"
        unset label 1; unset label 2; unset label 3
        set ytics 0.1, 10
        plot "crossover.tsv" using "nq":"expand_predicted [ms]" with lines lt 1 lw 1.2, \
             "crossover.tsv" using "nq":"absorb_predicted [ms]" with lines lt 2 lw 1.2 dt DASH, \
             "crossover.tsv" using "nq":"expand [ms]" with points lt 1 ps 0.8, \
             "crossover.tsv" using "nq":"absorb [ms]" with points lt 2 ps 0.7
    }
}
unset multiplot
