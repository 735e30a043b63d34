# All calls that make one output, as bars over the readings of tokens.
eval size(640, 280)
unset border; unset grid; unset ytics
set xlabel "readings of tokens"
set xtics 5 nomirror out scale 0.4
set xrange [-2.6:20.1]
set yrange [-0.62:3.62]
set lmargin at screen 0.01; set rmargin at screen 0.98
set bmargin at screen 0.24; set tmargin at screen 0.99
set label "token" at -0.15,0 right
do for [l = 1:3] { set label sprintf("layer %d", l) at -0.15,l right }
middle(i) = (column("begin") + column("end")) / 2
tint(l) = l == 0 ? 7 : l == 1 ? 3 : l == 2 ? 2 : 1
row(l) = column("layer") == l ? column("layer") : NaN
plot for [l = 0:3] "trace.tsv" using (middle(0)):(row(l)): \
         (column("begin") + 0.07):(column("end") - 0.07):(row(l) - 0.4):(row(l) + 0.4) \
         with boxxyerror lt tint(l) lw 2 fs empty, \
     "trace.tsv" using (middle(0)):"layer":(sprintf("%d", column("position"))) \
         with labels center
