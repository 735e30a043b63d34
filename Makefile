# Assay: from programs to pages.  Everything is found by its name: chapter
# 8-softmax is chapters/8-softmax/, its program softmax, its results
# build/results/8-softmax/, its figures figures/8-softmax/*.gp and its tests
# tests/8-softmax.c.  `make help` lists what can be asked for.

B     ?= build
MARCH ?= native
CC     = gcc
OPT    = -O3

# No -g and no build id: a changed comment then leaves the program as it was.
# No errno and no traps, which nothing asks for, or many a loop stays scalar;
# neither changes a result.
FLAGS   = -std=gnu11 $(OPT) -march=$(MARCH) -mprefer-vector-width=512 \
          -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp
CFLAGS  = $(FLAGS) -DLAB_FLAGS='"$(FLAGS)"' -Isrc -Wall -Wextra \
          -Werror=implicit-function-declaration $(EXTRA)
LDFLAGS = -Wl,--build-id=none

SHELL       := /bin/bash
.SHELLFLAGS := -eo pipefail -c
export LC_ALL := C.UTF-8
export OMP_WAIT_POLICY := passive
export OPENBLAS_NUM_THREADS := 1
$(if $V,,$(eval .SILENT:))
# Not to be deleted when they were made on the way to something else.
.PRECIOUS: $B/obj/%.o $B/lib/%.a $B/tests/% $B/report/.%
.SECONDEXPANSION:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := report

# ---- what there is ----------------------------------------------------------

name     = $(patsubst $(firstword $(subst -, ,$1))-%,%,$1)
stems   := $(patsubst chapters/%/,%,$(wildcard chapters/*/))
sources := $(wildcard $(foreach s,$(stems),chapters/$s/$(call name,$s).c))
ran     := $(patsubst chapters/%/,%,$(dir $(sources)))
folders := $(sort $(patsubst src/%/,%,$(dir $(wildcard src/*/*.c))))
tests   := $(patsubst tests/%.c,$B/tests/%,$(wildcard tests/*.c))

programs := $(foreach s,$(ran),$B/bin/$(call name,$s))
archives := $(patsubst %,$B/lib/%.a,$(filter-out weave new,$(folders)))
results  := $(patsubst %,$B/results/%/run.tsv,$(ran))
scripts  := $(foreach s,$(ran),$(wildcard figures/$s/*.gp))
figures  := $(scripts:%.gp=$B/%.svg)
singles  := $(patsubst $B/bin/%,$B/single/%.c,$(programs))

# A library's objects; a stem's program, results and figures.
objects    = $(patsubst src/%.c,$B/obj/%.o,$(wildcard src/$1/*.c))
program-of = $(patsubst %,$B/bin/%,$(call name,$(filter $1,$(ran))))
results-of = $(filter $B/results/$1/run.tsv,$(results))
figures-of = $(filter $B/figures/$1/%.svg,$(figures))
source-of  = $(wildcard chapters/$1/$(call name,$1).c)

# What a program's first comment says that it links with: `cc … mla.c -lm`.
links = $$(grep -shm1 '^// *cc ' $1 | grep -o -- ' -l[^ ]*' || true)

# $@ becomes $@.new if they differ, else keeps its time.
keep = cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# Changed flags rebuild everything.
flags := $(CC) $(CFLAGS) $(LDFLAGS)
ifneq ($(file <$B/flags),$(flags))
$(shell mkdir -p $B)$(file >$B/flags,$(flags))
endif

# ---- report -----------------------------------------------------------------

# What tests said of a program or of tests that have changed since is forgotten.
forget = for s in $(ran); do for f in tests/$$s.c chapters/$$s/*.c; do \
             [ ! $$f -nt $B/tests/$$s.xml ] || rm -f $B/tests/$$s.xml; \
         done; done

report: $B/report/.woven  ## build/report/index.html (what plain make makes)
	echo "$B/report/index.html"

.PHONY: $(stems)
$(stems): %: $B/report/.%
	echo "$B/report/$@.html"

woven-from := $(wildcard chapters/*.* chapters/*/*.* chapters/*/*/* src/*/*) \
              $(wildcard tests/*.c $B/tests/*.xml)
page-parts := $B/bin/weave $B/fonts/.made $B/commits.tsv $(singles)

# .woven: everything.  .8-softmax: the book too, with that chapter of today and
# whatever there is of the others.
$B/report/.woven: $(results) $(figures)
$B/report/.%: $(woven-from) $(page-parts) $$(call results-of,$$*) \
              $$(call figures-of,$$*)
	echo "weave   the report"
	$(forget)
	$B/bin/weave
	touch $@

recorded-report: $(page-parts)  ## from published values; runs nothing
	for f in $(scripts); do s=$${f#*/}; \
	    src/figure $$f chapters/$${s%/*}/recorded $B/recorded/$${f%.gp}; \
	done >/dev/null
	$B/bin/weave --recorded
	echo "$B/recorded/report/index.html"

strict: report  ## the same; a number typed into the text is a fault
	$B/bin/weave --strict --out $B/check/strict

$B/commits.tsv: FORCE
	mkdir -p $(@D)
	src/commits $(stems) >$@.new
	$(keep)
FORCE:

# The characters that the fonts must hold.
$B/glyphs: $(woven-from)
	mkdir -p $(@D)
	grep -ohP '[^\x00-\x7F]' $(filter %.md %.c %.h %.tsv %.gp,$^) | sort -u >$@.new
	$(keep)

$B/fonts/.made: $B/glyphs src/subset
	echo "subset  fonts"
	mkdir -p $(@D)
	src/subset $< $(@D)
	touch $@

# ---- compile ----------------------------------------------------------------

programs: $(programs) $B/bin/weave  ## compile, and no more

$B/obj/%.o: src/%.c $B/flags
	mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$B/obj/tile/%.o: CFLAGS += -ffp-contract=fast

$B/lib/%.a: $$(call objects,$$*)
	mkdir -p $(@D)
	rm -f $@
	ar rcsD $@ $^

$B/bin/weave: $$(call objects,weave)
	echo "compile weave"
	mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcmark -lduktape -lm -o $@

$B/bin/%: $$(wildcard chapters/*-$$*/$$*.c) $(archives) $B/flags
	echo "compile $*"
	mkdir -p $(@D) $B/obj
	$(CC) $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $B/obj/$*.d $< \
	    -Wl,--start-group $(archives) -Wl,--end-group $(call links,$<) -o $@

-include $(wildcard $B/obj/*.d $B/obj/*/*.d)

# ---- run and draw -----------------------------------------------------------

# Programs run one at a time, when everything is compiled and nothing is drawn:
# two at once falsify every time.  What makes one run again is its key, a hash
# of the program and its data, so that a changed comment reruns nothing.  Threads
# keep to their cores: one that sleeps would wake on that of its waker, and wait.
alone    = OMP_PROC_BIND=true flock -o $B/.run
together = flock -os $B/.run

$B/results/%/run.tsv: $$(call program-of,$$*) FORCE | $(programs) $B/bin/weave
	grep -qs "^key	$$($< key)$$" $@ || { \
	    echo "run     $*"; \
	    $(alone) $< $(if $(filter-out build,$B),--out $(@D)); }

$B/figures/%.svg: figures/%.gp figures/style.gp figures/draw src/figure \
        $$(call results-of,$$(*D)) $$(wildcard chapters/$$(*D)/recorded/*.tsv)
	echo "draw    $*"
	$(together) src/figure $< $B/results/$(*D) $B/figures/$*

# varied-8-softmax SET='seed=7 logits=4096': the same chapter with other values.
# Stops where the stem $* is no chapter's.
chapter = $(if $(filter $*,$(ran)),,$(error no chapter $*; there are: $(ran)))

varied-%: $$(call program-of,$$*) $(page-parts)  ## SET='seed=7 …': its own page
	$(chapter)$(if $(SET),,$(error say what varies: make $@ SET='seed=7'))
	$(alone) $< $(foreach o,$(SET),$(if $(filter seed=% threads=% quick,$o),\
	    --$(subst =, ,$o),--set $o))
	for f in $(wildcard figures/$*/*.gp); do \
	    src/figure $$f $B/varied/$* $B/varied/$${f%.gp}; done
	$B/bin/weave --varied $*
	echo "$B/varied/report/$*.html"

accept-%: $$(call results-of,$$*)  ## make its values the published ones
	$(chapter)$(call program-of,$*) accept

record-%: $$(call program-of,$$*)  ## run its long experiments, into recorded/
	$(chapter)$(alone) $< record

reproduce: $(results)  ## compare every value with the published one
	for p in $(programs); do $$p reproduce || touch $B/moved; done | \
	    tee $B/reproduced
	awk '/ values reproduced$$/ { a += $$2; b += $$4 } \
	    END { print a + 0 " of " b + 0 " values reproduced" }' $B/reproduced
	! rm $B/moved 2>/dev/null

# ---- tests ------------------------------------------------------------------

test: $(tests:=.ran)  ## compile and run every test; a report then shows it
	tests/judge $(tests)
	[ ! -e $B/report/.woven ] || $(MAKE) --no-print-directory report

# A test includes a chapter whole, and uses what it wants of it.
of-tests = -Wno-unused-function -Wno-missing-prototypes -Wno-shadow -Wno-undef
$B/tests/%: tests/%.c $(archives) $B/lib/weave.a
	echo "compile tests of $*"
	mkdir -p $(@D) $B/obj
	$(CC) $(CFLAGS) $(of-tests) $(LDFLAGS) \
	    -MMD -MP -MF $B/obj/test-$*.d $< \
	    -lcriterion -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	    -lcmark -lduktape $(call links,$< $(call source-of,$*)) -lm -o $@

test-programs: $(tests)

# Always succeeds: whether the tests did is for tests/judge to say.
$B/tests/%.ran: $B/tests/% $$(call program-of,$$*) $B/bin/weave \
        $$(wildcard chapters/$$*/data/* chapters/$$*/recorded/* src/data/*) \
        | $(programs)
	echo "test    $*"
	rm -f $B/tests/$*.xml
	OMP_NUM_THREADS=1 $(together) timeout 600 $B/tests/$* --jobs 1 \
	    --xml=$B/tests/$*.xml.new >$B/tests/$*.log 2>&1 || true
	[ ! -e $B/tests/$*.xml.new ] || mv $B/tests/$*.xml.new $B/tests/$*.xml
	touch $@

# What tests of weave read.
$(patsubst %,$B/tests/%.ran,weave weave-pages inputs): \
    $(shell find tests/fixtures tests/fuzz -type f) src/weave/page.css

# Parts of bench.py's library, and the libraries again; what else is in C in
# tests/bench/ is a program.
bench-parts := $(patsubst %,tests/bench/%.c,bench maps decode)
bench-c := $(bench-parts) \
           $(foreach f,$(filter-out weave new images,$(folders)),$(wildcard src/$f/*.c))
bench-programs := $(patsubst tests/bench/%.c,$B/bench/%,\
                      $(filter-out $(bench-parts),$(wildcard tests/bench/*.c)))
$B/bench/%.o: %.c $B/flags
	mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIC -MMD -MP -c $< -o $@
$B/bench/src/tile/%.o: CFLAGS += -ffp-contract=fast
$B/bench/bench.so: $(bench-c:%.c=$B/bench/%.o)
	$(CC) $(CFLAGS) -shared $^ -lmvec -lm -o $@
$(bench-programs): $B/bench/%: tests/bench/%.c $(archives) $B/flags
	mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $< \
	    -Wl,--start-group $(archives) -Wl,--end-group -lm -o $@
-include $(bench-c:%.c=$B/bench/%.d)

bench: $B/bench/bench.so $(bench-programs)  ## [ONLY=product] beside its peers
	env -u OMP_WAIT_POLICY -u OPENBLAS_NUM_THREADS -u OPENBLAS_CORETYPE \
	    PYTHONDONTWRITEBYTECODE=1 \
	    flock -o $B/.run /usr/bin/python3 tests/bench/bench.py $< $B/bench.tsv $(ONLY)

include tests/check.mk

# ---- take away --------------------------------------------------------------

single: $(singles)  ## every program as one file, build/single/NAME.c

$B/single/%.c: $$(wildcard chapters/*-$$*/$$*.c) \
               $$(wildcard chapters/*-$$*/*.c) src/single \
               $(wildcard src/*/*.[ch])
	mkdir -p $(@D)
	src/single $< >$@

dist: report  ## the report as one file to send
	mkdir -p $B/dist
	cp -r LICENSE LICENSES $B/report
	tar -C $B --exclude='.*' --transform 's,^report,assay,' \
	    -czf $B/dist/assay.tar.gz report
	echo "$B/dist/assay.tar.gz"

browser = chromium --headless --no-sandbox --disable-gpu --disable-quic \
          --no-first-run --disable-background-networking $1 \
          2>$B/browser.log || { cat $B/browser.log; exit 1; }
pdf: report  ## the whole book as build/dist/assay.pdf
	mkdir -p $B/dist
	$(call browser,--no-pdf-header-footer --print-to-pdf=$B/dist/assay.pdf \
	    $B/report/all.html)
	echo "$B/dist/assay.pdf"

cover: report  ## the picture in README.md
	$(call browser,--hide-scrollbars --window-size=1440x1000 \
	    --screenshot=figures/cover.png $B/report/index.html)

# ---- house ------------------------------------------------------------------

new:  ## with NAME=9-thing: a chapter that builds, to be rewritten
	src/new/new "$(NAME)"

format:  ## lay out every C file
	clang-format -i $(all-c)

clean:  ## remove everything made
	rm -rf $B

help:  ## this list
	grep -hE '^[a-z% -]+:.*## ' $(MAKEFILE_LIST) | \
	    sed -E 's/^([^:]*):[^#]*## (.*)/\1\t\2/; s/%/STEM/' | \
	    awk -F'\t' '{ printf "  %-18s %s\n", $$1, $$2 }'

.PHONY: report recorded-report strict programs reproduce test test-programs \
        bench single dist pdf cover new format clean help FORCE
