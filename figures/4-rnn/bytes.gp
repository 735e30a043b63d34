# Attention steps for each byte of one continuation, which stands below.
eval size(640, 310)
first(i) = column("prompt") == 1 ? column("position") : NaN
set logscale y
set format y "10^{%T}"
set mytics 1
stats "bytes.tsv" using (first(0)) name "P" nooutput
set xrange [P_min - 1:P_max + 1]
set yrange [18:*]
set xtics scale 0 ("" 0)
eval above("attention steps for a byte")
set lmargin at screen 0.09; set rmargin at screen 0.985
set tmargin at screen 0.88; set bmargin at screen 0.07
set label 1 "without a cache" at graph 0.03,0.86 left tc lt 1
set label 2 "with a cache"    at graph 0.03,0.42 left tc lt 3
plot "bytes.tsv" using (first(0)):"formula" with lines lt GREY lw 2, \
     "bytes.tsv" using (first(0)):"zero" with points lt 1, \
     "bytes.tsv" using (first(0)):(3 * (column("position") - 1)) with lines lt GREY lw 2, \
     "bytes.tsv" using (first(0)):"kv" with points lt 3, \
     "bytes.tsv" using (first(0)):(36):(strcol("byte")) with labels center
