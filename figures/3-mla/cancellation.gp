# Error of the scores in bf16 against the size of what cancels.  Left: within the
# latent; right: within the head.  Lines: the prediction.
eval size(640, 350)
set logscale x 2
set logscale y
set xlabel "β"
set xrange [0.35:360]
set xtics ("0" 0.5, "1" 1, "4" 4, "16" 16, "64" 64, "256" 256)
set mxtics 1; set mytics 1
set yrange [6e-4:0.2]
set ytics ("0.2 %%" 0.002, "0.5 %%" 0.005, "1 %%" 0.01, "2 %%" 0.02, "5 %%" 0.05, "10 %%" 0.1)
at(b) = b < 0.5 ? 0.5 : b               # zero has a place on the axis
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
do for [k = 1:2] {
    data = k == 1 ? "cancellation-latent.tsv" : "cancellation-scores.tsv"
    set lmargin at screen k == 1 ? 0.115 : 0.595
    set rmargin at screen k == 1 ? 0.505 : 0.985
    eval above(k == 1 ? "within the latent" : "within the head")
    if (k == 2) { set ytics ("" 0.002, "" 0.005, "" 0.01, "" 0.02, "" 0.05, "" 0.1) }
    if (k == 1) {
        set label 1 "absorbed" at 20,0.025 right tc lt 2
        set label 2 "naive" at 250,0.001 right tc lt 1
    } else {
        set label 1 "naive" at 20,0.03 right tc lt 1
        set label 2 "absorbed" at 250,0.001 right tc lt 2
    }
    plot data using (at(column("beta"))):"naive_predicted" with lines lt 1 lw 1.6, \
         data using (at(column("beta"))):"absorbed_predicted" with lines lt 2 lw 1.6 dt DASH, \
         data using (at(column("beta"))):"naive" with points lt 1 ps 0.8, \
         data using (at(column("beta"))):"absorbed" with points lt 2 ps 0.7
}
unset multiplot
