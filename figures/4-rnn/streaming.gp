# Left: time of one head against the tokens, plain and streaming.  Right: the
# share of the peak that its useful flops reach.
eval size(640, 370)
set logscale x 2
set xlabel "tokens"
set xtics ("128" 128, "512" 512, "2048" 2048, "8192" 8192)
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185

set lmargin at screen 0.095; set rmargin at screen 0.475
eval above("milliseconds")
set logscale y
set format y "10^{%T}"
set mytics 1
set label 1 "two passes" at graph 0.5,0.85 right tc lt 2
set label 2 "in blocks"  at graph 0.95,0.2 right tc lt 1
plot "streaming.tsv" using "n":"plain [ms]"     with linespoints lt 2 dt DASH, \
     "streaming.tsv" using "n":"streaming [ms]" with linespoints lt 1

set lmargin at screen 0.575; set rmargin at screen 0.965
unset logscale y
eval above("share of the peak, %")
set format y "%h"
set yrange [0:104]
set ytics 50
set label 1 "forward"  at graph 0.97,0.95 right tc lt 1
set label 2 "backward" at graph 0.97,0.3 right tc lt 3
plot "streaming.tsv" using "n":"share [%]"      with linespoints lt 1, \
     "streaming.tsv" using "n":"back_share [%]" with linespoints lt 3 dt DASH
unset multiplot
