# The cover's panel: attention as rows that read back to the first token.
eval size(320, 180)
N = 7
unset border; unset tics; unset grid
set xrange [0.2:N + 0.8]
set yrange [0.3:N + 0.7]
y(i) = N + 1 - i
GAP = 0.2
set style arrow 1 head filled size 0.18,20 lt 1 lw 1.2
set style arrow 2 head filled size 0.18,20 lt 2 lw 1
set print $triangle
do for [i = 1:N] { do for [j = 1:i] { print sprintf("%d\t%g", j, y(i)) } }
unset print
do for [i = 1:N] {
    if (i > 1) {
        do for [j = 2:i] {
            set arrow from j - GAP,y(i) to j - 1 + GAP,y(i) arrowstyle 1
        }
    }
    set arrow from i + 0.75,y(i) to i + GAP,y(i) arrowstyle 2
}
set lmargin at screen 0.1; set rmargin at screen 0.9
set bmargin at screen 0.05; set tmargin at screen 0.95
plot $triangle using 1:2 with points lt 1 pt 7 ps 0.55
