# Three ways of feeding one cell.  A row is what happens before one output, a
# disc is a step that reads the token below it; columns are tokens.
N = 5
eval size(640, 300)
unset border; unset tics; unset grid
set xrange [-0.6:N + 1.7]
set yrange [-0.2:N + 1.05]
y(i) = N + 1 - i
GAP = 0.2                               # from a disc's middle to an arrow's end
set style arrow 1 head filled size 0.2,20 lt 1 lw 1.5
set style arrow 2 head filled size 0.2,20 lt 2 lw 1.3 dt DASH
set style arrow 3 head filled size 0.2,20 lt GREY lw 1.2

set print $diagonal
do for [i = 1:N] { print sprintf("%d\t%g", i, y(i)) }
set print $triangle
do for [i = 1:N] { do for [j = 1:i] { print sprintf("%d\t%g", j, y(i)) } }
unset print

set multiplot
set bmargin at screen 0.02; set tmargin at screen 0.96
do for [p = 1:3] {
    set lmargin at screen (p - 1) / 3.
    set rmargin at screen p / 3.
    unset arrow; unset label
    set label p == 1 ? "once" : p == 2 ? "turning back" : "attention" \
        at 3,N + 0.75 center
    do for [j = 1:N] { set label sprintf("x_%d", j) at j,0.25 center tc lt GREY }
    do for [i = 1:N] {
        if (p == 1) {
            set arrow from i + GAP,y(i) to i + 0.62,y(i) arrowstyle 3
            set label sprintf("o_%d", i) at i + 0.7,y(i) left
            if (i < N) {
                set arrow from i + 0.14,y(i) - 0.14 to i + 0.86,y(i) - 0.86 \
                    arrowstyle 1
            }
        } else {
            set arrow from 1 - GAP,y(i) to 0.38,y(i) arrowstyle 3
            set label sprintf("o_%d", i) at 0.3,y(i) right
            if (i > 1) {
                do for [j = 2:i] {
                    set arrow from j - GAP,y(i) to j - 1 + GAP,y(i) arrowstyle 1
                }
            }
        }
        if (p == 2 && i < N) {
            set arrow from 1.12,y(i) - 0.16 to i + 0.82,y(i) - 0.84 arrowstyle 2
        }
        if (p == 3) {
            set arrow from i + 0.62,y(i) to i + GAP,y(i) arrowstyle 2
            set label sprintf("q_%d", i) at i + 0.68,y(i) left tc lt 2
        }
    }
    if (p == 1) {
        plot $diagonal using 1:2 with points lt 1 pt 7 ps 0.8
    } else {
        plot $triangle using 1:2 with points lt 1 pt 7 ps 0.8
    }
}
unset multiplot
