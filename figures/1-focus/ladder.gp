# S of truncated exponentials, which leave the exponential one after the other
# and end on the floors of their last powers.
set datafile missing NaN
of(M) = abs(column("degree") - M) < 0.5 ? column("gamma") : NaN
bar(i) = 2 * column("se")
set logscale y
set xlabel "γ"
eval above("S")
set xrange [0:4.6]
set yrange [0.01:1.3]
set ytics ("1" 1, "0.3" 0.3, "0.1" 0.1, "0.03" 0.03, "0.01" 0.01)
set mytics 1
set xtics 1
set lmargin 6; set rmargin 1.5; set bmargin 3; set tmargin 2
set label 1 "M = 1" at 4.1,1.02 left tc lt 1
set label 2 "2"     at 4.1,0.68 left tc lt 2
set label 3 "4"     at 4.1,0.35 left tc lt 3
set label 4 "8"     at 4.1,0.105 left tc lt 4
set label 5 "e^s"   at 2.6,0.02 right tc lt 7
plot exp(-x**2 / 2) lt GREY lw 2, \
     (x > 4.05 ? 0.797885 : NaN) lt GREY lw 1.4, (x > 4.05 ? 0.577350 : NaN) lt GREY lw 1.4, \
     (x > 4.05 ? 0.292770 : NaN) lt GREY lw 1.4, (x > 4.05 ? 0.0737496 : NaN) lt GREY lw 1.4, \
     "ladder.tsv" using "gamma":"M1" with lines lt 1, \
     "ladder.tsv" using "gamma":"M2" with lines lt 2 dt DASH, \
     "ladder.tsv" using "gamma":"M4" with lines lt 3, \
     "ladder.tsv" using "gamma":"M8" with lines lt 4 dt DOTS, \
     "ladder-mc.tsv" using (of(1)):"S":(bar(0)) with yerrorbars lt 1, \
     "ladder-mc.tsv" using (of(2)):"S":(bar(0)) with yerrorbars lt 2, \
     "ladder-mc.tsv" using (of(4)):"S":(bar(0)) with yerrorbars lt 3, \
     "ladder-mc.tsv" using (of(8)):"S":(bar(0)) with yerrorbars lt 4
