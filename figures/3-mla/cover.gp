# The cover's panel: what a token leaves behind in a layer, as areas.
eval size(320, 180)
stats "intensity.tsv" every ::0::0 using "bytes" name "A" nooutput
stats "intensity.tsv" every ::1::1 using "bytes" name "G" nooutput
stats "intensity.tsv" every ::2::2 using "bytes" name "Q" nooutput
stats "intensity.tsv" every ::5::5 using "bytes" name "L" nooutput
unset border; unset tics; unset grid
set size ratio -1
set xrange [0:320]
set yrange [0:180]
set lmargin at screen 0; set rmargin at screen 1
set bmargin at screen 0; set tmargin at screen 1
s = 150 / sqrt(A_max)                   # pixels of a side
box(n, x, b, t) = sprintf("set object %d rect from %g,22 to %g,%g fc lt %d fs solid noborder", n, x, x + s * sqrt(b), 22 + s * sqrt(b), t)
eval box(1, 6, A_max, 1)
eval box(2, 178, G_max, 3)
eval box(3, 240, L_max, 2)
eval box(4, 287, Q_max, 4)
set label 1 "MHA" at 81,11 center tc lt 1
set label 2 "GQA" at 196,11 center tc lt 3
set label 3 "MLA" at 249,11 center tc lt 2
set label 4 "MQA" at 297,11 center tc lt 4
plot NaN notitle
