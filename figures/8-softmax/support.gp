# Left: how many of a thousand normal logits keep weight, against the
# temperature.  Right: in how many draws only one does; lines are the share of
# draws whose leader leads by T / (alpha - 1).
eval size(640, 370)
set logscale x
set xlabel "temperature"
at(a) = abs(column("alpha") - a) < 1e-9 ? column("temperature") : NaN
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.18

set lmargin at screen 0.105; set rmargin at screen 0.49
eval above("logits with weight")
set logscale y
set xrange [0.05:20]
set yrange [0.8:4000]
set xtics ("0.1" 0.1, "1" 1, "10" 10)
set ytics ("1" 1, "10" 10, "100" 100, "1000" 1000)
set label 1 "α = 1.1"  at 0.55,2000 center tc lt 4
set label 2 "1.25"     at 3.6,2000  center tc lt 5
set label 3 "1.5"      at 20,2000   right  tc lt 1
set label 4 "2"        at 15,90     right  tc lt 3
plot "support.tsv" using (at(1.1)):"support":"se"  with yerrorlines lt 4 dt DOTS, \
     "support.tsv" using (at(1.25)):"support":"se" with yerrorlines lt 5, \
     "support.tsv" using (at(1.5)):"support":"se"  with yerrorlines lt 1, \
     "support.tsv" using (at(2)):"support":"se"    with yerrorlines lt 3 dt DASH

set lmargin at screen 0.575; set rmargin at screen 0.985
eval above("draws with one weight, %")
unset logscale y
set xrange [0.04:1.5]
set yrange [-4:106]
set ytics 50
do for [i = 1:4] { unset label i }
plot "support.tsv" using (at(1.1)):"predicted [%]"  with lines lt 4, \
     "support.tsv" using (at(1.25)):"predicted [%]" with lines lt 5, \
     "support.tsv" using (at(1.5)):"predicted [%]"  with lines lt 1, \
     "support.tsv" using (at(2)):"predicted [%]"    with lines lt 3, \
     "support.tsv" using (at(1.1)):"onehot [%]"  with points lt 4, \
     "support.tsv" using (at(1.25)):"onehot [%]" with points lt 5, \
     "support.tsv" using (at(1.5)):"onehot [%]"  with points lt 1, \
     "support.tsv" using (at(2)):"onehot [%]"    with points lt 3
unset multiplot
