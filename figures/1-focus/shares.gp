# Left: share of weight on the right key, of N.  Right: wrong signs when linear
# attention reads random signs.
eval size(640, 380)
set datafile missing NaN
set logscale x
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.175
set lmargin at screen 0.105; set rmargin at screen 0.60
set logscale y
set xlabel "keys"
eval above("share of the right key")
set xrange [3:2.5e6]
set yrange [1e-4:2.2]
set xtics ("10" 10, "100" 100, "1000" 1e3, "10^4" 1e4)
set ytics ("1" 1, "0.1" 0.1, "0.01" 0.01, "0.001" 1e-3)
set mxtics 1; set mytics 1
set label 1 "linear"        at 1e5,1.7e-4 left tc lt 1
set label 2 "max(s, 0)^2"   at 1e5,2e-3 left tc lt 3
set label 3 "e^s, s = 1/√d" at 1e5,2.7e-2 left tc lt 5
set label 4 "e^s, s = 1"    at 1e5,1 left tc lt 2
bar(c) = 2 * column("se_" . c)
plot "shares.tsv" using "N":"linear_theory" with lines lt 1, \
     "shares.tsv" using "N":"relu2_theory"  with lines lt 3 dt DASH, \
     "shares.tsv" using "N":"mild_theory"   with lines lt 5, \
     "shares.tsv" using "N":"sharp_theory"  with lines lt 2 dt DOTS, \
     "shares.tsv" using "N":"linear":(bar("linear")) with yerrorbars lt 1, \
     "shares.tsv" using "N":"relu2":(bar("relu2"))   with yerrorbars lt 3, \
     "shares.tsv" using "N":"mild":(bar("mild"))     with yerrorbars lt 5, \
     "shares.tsv" using "N":"sharp":(bar("sharp"))   with yerrorbars lt 2

unset logscale y
set lmargin at screen 0.70; set rmargin at screen 0.985
eval above("wrong signs")
set xlabel "wrong keys / width"
set xrange [0.08:22]
set yrange [-0.01:0.52]
set xtics ("0.1" 0.1, "1" 1, "10" 10)
set ytics ("0" 0, "0.1" 0.1, "0.2" 0.2, "0.3" 0.3, "0.4" 0.4, "0.5" 0.5)
do for [i = 1:4] { unset label i }
set label 1 "chance" at 0.1,0.475 left tc lt 7
plot 0.5 lt GREY lw 1, norm(-sqrt(1 / x)) lt 1 lw 1.4, \
     "bits.tsv" using ((column("N") - 1) / column("d")):"error":(2 * column("se")) with yerrorbars lt 1
unset multiplot
