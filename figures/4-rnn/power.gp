# Left: digits on the tape that computes 2^N, on the formula's line, and of the
# result.  Right: share of right digits with room for 8, 16 and 32, no tape.
eval size(640, 375)
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185

set lmargin at screen 0.095; set rmargin at screen 0.47
set logscale xy
set xlabel "exponent N"
eval above("digits")
set xrange [1:1500]
set yrange [0.8:4e5]
set format x "10^{%T}"
set format y "10^{%T}"
set mxtics 1; set mytics 1
set label 1 "on the tape" at 60,3500 right tc lt 1
set label 2 "in the result" at 60,6 left tc lt 3
plot "tape.tsv" using "x":"formula" with lines lt GREY lw 2, \
     "tape.tsv" using "x":"length" with points lt 1, \
     "tape.tsv" using "x":"ram digits" with points lt 3

set lmargin at screen 0.56; set rmargin at screen 0.985
unset logscale
eval above("share of digits right")
set xrange [0:134]
set yrange [0:1.06]
set format "%h"
set xtics 50; set ytics 0.5
set label 1 "D = 8" at 44,0.62 left tc lt 2
set label 2 "16" at 88,0.66 left tc lt 5
set label 3 "32" at 119,0.94 left tc lt 1
plot "cliffs.tsv" using "x":"right8"  with lines lt 2, \
     "cliffs.tsv" using "x":"right16" with lines lt 5 dt DASH, \
     "cliffs.tsv" using "x":"right32" with lines lt 1
unset multiplot
