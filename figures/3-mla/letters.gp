# Left: training.  Right: how far the forms differ against the lead of a letter.
eval size(640, 350)
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
set lmargin at screen 0.085; set rmargin at screen 0.475
eval above("nats a letter")
set xlabel "steps of training"
set xrange [0:1050]
set xtics (0, 500, 1000)
set yrange [0.8:3.05]
set ytics 1, 0.5
C = "text-training.tsv"
of(r, c) = column("run") == r ? column(c) : NaN
set datafile missing NaN
set label 1 "held out" at 1000,1.5 right tc lt 2
set label 2 "trained on" at 600,0.95 right tc lt 1
plot for [r = 0:2] C using (of(r, "step")):"loss [nat]" with lines lt 1 lw 1.4, \
     for [r = 0:2] C using (of(r, "step")):"held_out [nat]" with lines lt 2 lw 1.4 dt DASH
unset label 1; unset label 2
set lmargin at screen 0.605; set rmargin at screen 0.985
eval above("difference of a logit")
set logscale xy
set xlabel "lead of the likeliest letter"
set format x "10^{%T}"; set format y "10^{%T}"
set xtics 1e-6, 100; set ytics 1e-9, 100
set mxtics 1; set mytics 1
set xrange [5e-7:40]
set yrange [3e-8:3e-3]
set label 1 "could change" at 7e-7,1e-3 left tc lt GREY
plot x / 2 with lines lt GREY dt DASH, \
     "text-gaps.tsv" using "gap":"difference" with points lt 1 ps 0.2
unset multiplot
