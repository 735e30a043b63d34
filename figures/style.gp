# style.gp: the one look of every figure.  A script states only meaning.
#
#   eval size(640, 350)      the figure's size; wider than 800 is set wide
#   linetype 1, 2, 3, ...    the only colours; the report maps them, and the
#                            greys below, to its own, light or dark
#   lt GREY                  a prediction, a border, what stands behind
#   dt DASH, dt DOTS         a second way of telling lines apart
set encoding utf8
set datafile separator tab              # a name may hold blanks: "time [s]"
set minussign
set border 3 lw 1 lc rgb "#555555"
set tics nomirror out scale 0.6 textcolor rgb "#444444"
set grid back lw 0.8 lc rgb "#dcdcdc" dt solid, lw 0.4 lc rgb "#eeeeee" dt solid
set xlabel textcolor rgb "#333333" offset 0,0.5
set ylabel textcolor rgb "#333333"
set title textcolor rgb "#222222"
set key samplen 1.6 spacing 1.15 width 1 textcolor rgb "#333333" noopaque
unset key                               # labels stand at their lines
set style fill solid 1.0 noborder       # never fainter: it would fade pm3d too
set errorbars 0
set pointintervalbox 0.001              # no halo round marks; 0 would mean 1

# Okabe and Ito, in an order whose neighbours differ in lightness as well.
set linetype 1 lc rgb "#0072b2" lw 2.2 pt 7  ps 0.5
set linetype 2 lc rgb "#d55e00" lw 2.2 pt 5  ps 0.5
set linetype 3 lc rgb "#009e73" lw 2.2 pt 9  ps 0.6
set linetype 4 lc rgb "#cc79a7" lw 2.2 pt 13 ps 0.6
set linetype 5 lc rgb "#e69f00" lw 2.2 pt 11 ps 0.6
set linetype 6 lc rgb "#56b4e9" lw 2.2 pt 4  ps 0.5
set linetype 7 lc rgb "#555555" lw 1.4 dt solid
set linetype cycle 7

GREY = 7
set dashtype 11 (9,4)
set dashtype 12 (2,4)
DASH = 11
DOTS = 12

size(w, h) = sprintf("set terminal svg size %d,%d enhanced \
font 'sans-serif,15.5' linewidth 1.0 background '#fefefe' rounded", w, h)
eval size(640, 350)

# What stands above the vertical axis in place of a turned label.
above(text) = sprintf("set label 99 \"%s\" at graph 0,1.07 left", text)

# A perceptual map for fields.
set palette defined (0 "#440154", 0.125 "#482878", 0.25 "#3e4989", \
    0.375 "#31688e", 0.5 "#26828e", 0.625 "#1f9e89", 0.75 "#35b779", \
    0.875 "#6dcd59", 0.94 "#b4de2c", 1 "#fde725")
