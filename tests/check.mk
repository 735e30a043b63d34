# What `make check` looks at, part by part.  What a part must build has a
# folder of its own below build/, so that the report stays as it is.

parts-of-check = check-format check-gcc check-clang check-tidy check-sanitize \
                 check-threads check-twice check-examples check-recorded \
                 check-valgrind check-single \
                 check-book check-pages check-build
check: $(parts-of-check)  ## all of the parts below

all-c = $(wildcard src/*/*.[ch] chapters/*/*.c tests/*.[ch] \
        tests/fixtures/*.[ch] tests/fuzz/*.[ch])
sub   = +$(MAKE) --no-print-directory
c     = $B/check

check-format:  ## every C file is laid out as `make format` does it
	clang-format --dry-run -Werror $(all-c)

strict-flags = -Werror -Wshadow -Wpointer-arith -Wundef -Wformat-security \
               -Wstrict-prototypes -Wmissing-prototypes
check-gcc check-clang: check-%:  ## no warnings, also from a second compiler
	$(sub) B=$c/$* CC=$* EXTRA='$(strict-flags)' programs test-programs

# Tests are left out: Criterion's macros are full of what it complains of; the
# parts of a chapter's program are seen with it.
check-tidy:  ## clang-tidy, .clang-tidy says which checks
	mkdir -p $c
	printf '%s\n' $(filter src/%,$(filter-out src/new/%,$(filter %.c,$(all-c)))) \
	    $(sources) | \
	    xargs -P2 -I% clang-tidy --quiet % -- -std=gnu11 -Isrc -fopenmp \
	    2>$c/tidy || { grep -v generated $c/tidy; exit 1; }

# Every program, weave and every test without a bad access, a leak or undefined
# behaviour.
sanitize = -g -DKEPT_AT_ONCE=1 -fsanitize=address,undefined \
           -fno-sanitize-recover=undefined
asan     = +LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
           $(MAKE) --no-print-directory B=$c/asan OPT=-O1 EXTRA='$(sanitize)'
check-sanitize: programs $(page-parts)  ## address and undefined behaviour
	$(asan) programs
	for s in $(ran); do \
	    $(alone) $c/asan/bin/$${s#*-} --quick --out $c/asan/$$s; done
	$c/asan/bin/weave --out $c/asan/report
	$(asan) test

# fuzz TARGET=svg SECONDS=900: tests/fuzz/svg.c with inputs that a fuzzer thinks
# of.  What breaks it stays in tests/fuzz/found/svg/, and tests then run it.
TARGET  ?= markdown
SECONDS ?= 60
f        = $c/fuzz
fuzzing  = -g -DKEPT_AT_ONCE=1 -fsanitize=fuzzer-no-link,address,undefined \
           -fno-sanitize-recover=undefined
FUZZ    ?= $(if $(filter set,$(TARGET)),-detect_leaks=0 -rss_limit_mb=8000)
fuzz:  ## with TARGET=svg SECONDS=900: damage what is read, look what happens
	$(sub) B=$f CC=clang OPT=-O1 EXTRA='$(fuzzing)' $f/lib/weave.a $f/lib/lab.a
	clang -std=gnu11 -D_GNU_SOURCE -Isrc $(subst -no-link,,$(fuzzing)) \
	    tests/fuzz/$(TARGET).c $f/lib/weave.a $f/lib/lab.a \
	    -lcmark -lduktape -lm -fopenmp -o $f/$(TARGET)
	mkdir -p $f/corpus/$(TARGET) tests/fuzz/found/$(TARGET)
	'$(CURDIR)/$f/$(TARGET)' -max_total_time=$(SECONDS) -timeout=5 \
	    -max_len=65536 -close_fd_mask=3 $(FUZZ) \
	    -artifact_prefix='$(CURDIR)/tests/fuzz/found/$(TARGET)/' \
	    '$(CURDIR)/$f/corpus/$(TARGET)' \
	    '$(CURDIR)/tests/fuzz/corpus/$(TARGET)' \
	    '$(CURDIR)/tests/fuzz/found/$(TARGET)'

QUICK ?= --quick
# $(call run-all,FOLDER,OPTIONS): every chapter's results into FOLDER.
run-all = for s in $(ran); do \
              $(alone) $B/bin/$${s\#*-} $(QUICK) --out $1/$$s $2; done
# The tables of timing experiments, and what is said of the run, may differ.
untimed = for d in $1/*; do \
              awk -F'\t' '$$2 == "timing" { gsub(",", "\n", $$4); print $$4 }' \
                  $$d/experiments.tsv | (cd $$d; xargs -r rm -f); \
              rm $$d/run.tsv $$d/experiments.tsv; done
# A quick run is small, but says what the published one says.
verdicts = awk -F'\t' 'FNR == 1 { next } \
    FILENAME ~ /expected/ { said[$$2] = $$NF; next } \
    $$NF != said[$$1] { bad = 1; \
        print FILENAME ": " $$1 " is " $$NF ", published " said[$$1] } \
    END { exit bad }' chapters/$1/expected.tsv $2/$1/*.claims.tsv
check-threads: programs  ## the same bytes from one thread and from two
	rm -rf $c/threads
	$(call run-all,$c/threads/1,--threads 1)
	$(call run-all,$c/threads/2,--threads 2)
	$(call untimed,$c/threads/1)
	$(call untimed,$c/threads/2)
	diff -r $c/threads/1 $c/threads/2
	for s in $(ran); do $(call verdicts,$$s,$c/threads/1); done

# A chapter that is no more may have left something in build/.
same = ! diff -r --exclude='.*' $B/$1 $c/twice/$1 | grep -v '^Only in $B/'
check-twice: report  ## drawn and woven again: the same bytes
	rm -rf $c/twice
	for f in $(scripts); do s=$${f#*/}; \
	    src/figure $$f $B/results/$${s%/*} $c/twice/$${f%.gp}; done
	$B/bin/weave --out $c/twice/report
	$(call same,figures)
	$(call same,report)

# valgrind does not know AVX-512, counts what OpenMP keeps as lost, and takes
# some 200 times as long: it runs the experiments whose quick run takes less than
# 0.15 s; the longer ones are left to check-sanitize.
valgrind = valgrind -q --error-exitcode=9 --leak-check=full \
           --errors-for-leak-kinds=definite --show-leak-kinds=definite
brief    = awk '$$2 == "run" && $$3 < 0.15 { print $$1 }' $1/experiments.tsv
check-valgrind: report  ## weave and programs read only what was written
	$(sub) B=$c/avx2 MARCH=x86-64-v3 programs
	$(valgrind) $c/avx2/bin/weave --out $c/avx2/report
	for s in $(ran); do p=$c/avx2/bin/$${s#*-}; \
	    $$p --quick --threads 1 --out $c/avx2/$$s; \
	    $(valgrind) $$p run $$($(call brief,$c/avx2/$$s)) \
	        --quick --threads 1 --out $c/avx2/$$s-brief; done

# By the command that its first comment gives, away from the tree.
check-single: $(singles)  ## each program as one file builds and runs alone
	for p in $(notdir $(singles)); do for cc in gcc clang; do \
	    d=$$(mktemp -d); cp $B/single/$$p $$d; \
	    command=$$(sed -n 's,^// *cc ,,p;T;q' $$d/$$p); \
	    echo "$$cc $$command"; \
	    (cd $$d; $$cc $$command; ./a.out --quick --out out; [ -s out/run.tsv ]); \
	    rm -r $$d; done; done

check-recorded: programs  ## a part of each recorded run, made again
	for p in $(programs); do ! $$p list | grep -q ' recorded ' || \
	    $(alone) $$p --recorded-check; done

# The worked example of every calculator, in its --help, gives what it shows.
check-examples: programs  ## the examples in --help
	tests/examples $(programs)

check-book: report $(tests:=.ran)  ## nothing unrun, untested or unexpected
	$B/bin/weave --check --strict --out $c/book

tests/node_modules/.made: tests/package-lock.json
	cd tests && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@
vnu = java -jar tests/node_modules/vnu-jar/build/dist/vnu.jar
check-pages: report tests/node_modules/.made  ## HTML, links, access, width
	$(vnu) --Werror --filterfile tests/pages/vnu.txt $B/report/*.html
	node tests/pages/check.mjs $B/report/*.html

check-build:  ## the build itself: a new chapter, reruns, odd paths
	tests/build.sh

.PHONY: check fuzz $(parts-of-check)
