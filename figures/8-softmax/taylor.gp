# Left: Taylor polynomials of the exponential, whose lowest points lie on the
# curves x^k / k!.  Right: the weight of a logit x against one of 0.
eval size(640, 370)
f(k, x) = k == 0 ? 1 : f(k - 1, x) + last(k, x)
last(k, x) = x**int(k) / gamma(k + 1)
second(i) = int(column(0)) % 10 == 0 ? column("x") : NaN
set samples 91
set xlabel "x"
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.18

set lmargin at screen 0.05; set rmargin at screen 0.49
eval above("value")
set xrange [-5.2:1.2]
set yrange [-0.1:2.6]
set ytics 1
set xtics 2
set label 1 "k = 2" at -2.55,2.35 left  tc lt 1
set label 2 "4"     at -3.5,2.35 right tc lt 3
set label 3 "6"     at -4.2,2.35 right tc lt 2
set label 4 "e^x"   at  0.05,0.55  left  tc lt 7
plot exp(x) lt GREY lw 2, \
     last(2, x) lt GREY lw 0.8 dt DASH, last(4, x) lt GREY lw 0.8 dt DASH, \
     last(6, x) lt GREY lw 0.8 dt DASH, \
     f(2, x) lt 1, f(4, x) lt 3, f(6, x) lt 2, \
     "taylor.tsv" using (second(0)):"f2" with points lt 1, \
     "taylor.tsv" using (second(0)):"f4" with points lt 3, \
     "taylor.tsv" using (second(0)):"f6" with points lt 2

set lmargin at screen 0.57; set rmargin at screen 0.985
eval above("weight against a logit of 0")
set xrange [-10:4]
set yrange [-0.03:1.06]
set xtics 5
set ytics 0.5
set label 1 "k = 2"   at -5.3,0.97 left tc lt 1
set label 2 "clamped" at -8.8,0.41 left tc lt 5
set label 3 "softmax" at -8.8,0.07 left tc lt 7
unset label 4
plot 1 / (1 + exp(-x)) lt GREY lw 2, \
     f(2, x) / (1 + f(2, x)) lt 1, \
     (x < -1 ? 1 / 3. : f(2, x) / (1 + f(2, x))) lt 5 dt DASH, \
     "taylor-order.tsv" using (second(0)):"p"       with points lt 1, \
     "taylor-order.tsv" using (second(0)):"clamped" with points lt 5
unset multiplot
