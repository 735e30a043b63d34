# The exponential and the powers that stand in for it; below, how much of it
# each power is.
eval size(640, 370)
power(u, b) = 1 + b * u > 0 ? (1 + b * u)**(1. / b) : 0
third(i) = int(column(0)) % 12 == 0 ? column("u") : NaN
set samples 101
set xlabel "u"
set xrange [-5:2]
set xtics 1
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.18

set lmargin at screen 0.065; set rmargin at screen 0.445
eval above("value")
set yrange [-0.15:5]
set ytics 1
set xtics 2
set label 1 "e^u" at 0.95,4.3 right tc lt 7
plot exp(x) lt GREY lw 2, \
     power(x, 1) lt 3 dt DASH, power(x, 0.5) lt 1, power(x, 0.25) lt 5, \
     power(x, 0.1) lt 4 dt DOTS

set lmargin at screen 0.535; set rmargin at screen 0.885
eval above("share of e^u")
set yrange [-0.03:1.08]
set ytics 0.5
set label 1 "0.1"   at 2.15,0.84 left tc lt 4
set label 2 "0.25"  at 2.15,0.69 left tc lt 5
set label 3 "0.5"   at 2.15,0.54 left tc lt 1
set label 4 "β = 1" at 2.15,0.39 left tc lt 3
plot 1 lt GREY lw 2, \
     power(x, 1) * exp(-x) lt 3 dt DASH, power(x, 0.5) * exp(-x) lt 1, \
     power(x, 0.25) * exp(-x) lt 5, power(x, 0.1) * exp(-x) lt 4 dt DOTS, \
     "sharper.tsv" using (third(0)):(column("b1") / column("exp"))   with points lt 3, \
     "sharper.tsv" using (third(0)):(column("b05") / column("exp"))  with points lt 1, \
     "sharper.tsv" using (third(0)):(column("b025") / column("exp")) with points lt 5, \
     "sharper.tsv" using (third(0)):(column("b01") / column("exp"))  with points lt 4
unset multiplot
