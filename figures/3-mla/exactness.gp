# Shares of all scores by the size of their error, for three formats and forms.
eval size(640, 350)
set datafile missing NaN
set xlabel "error of a score"
set xrange [-58.4:0]
set xtics ("10^{-15}" -49.8, "10^{-12}" -39.9, "10^{-9}" -29.9, "10^{-6}" -19.9, "10^{-3}" -9.97)
set yrange [0:0.4]
set ytics ("0" 0, "10 %%" 0.1, "20 %%" 0.2, "30 %%" 0.3)
eval above("share of the scores")
set lmargin 6.5; set rmargin 1.5; set bmargin 2.8; set tmargin 2.2
set label 1 "doubles" at -50,0.36 center tc lt 7
set label 2 "floats" at -20.8,0.36 center tc lt 7
set label 3 "bf16" at -7.6,0.36 center tc lt 7
set key at -28,0.3 right top samplen 2.2
H = "histogram.tsv"
# A bin ends where it is named: its middle is half a step before.
x(c) = column("log2") - 0.5
y(c) = column(c) > 0.002 ? column(c) : NaN
plot for [p in "fp32 bf16"] H using (x(0)):(column(p."_naive")) with lines lt 1 lw 4 notitle, \
     for [p in "fp64 fp32 bf16"] H using (x(0)):(column(p."_absorbed")) with lines lt 2 dt DASH lw 2 notitle, \
     for [p in "fp64 fp32 bf16"] H using (x(0)):(y(p."_merged")) with points lt 3 ps 0.6 notitle, \
     NaN with lines lt 1 lw 4 title "naive", \
     NaN with lines lt 2 dt DASH title "absorbed", \
     NaN with points lt 3 ps 0.8 title "merged"
