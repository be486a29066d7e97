build-asan/src/cli/options.o: src/cli/options.c src/cli/options.h \
 src/report/renderer.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h src/cli/option_rows.h \
 src/util/escape.h src/util/number.h
src/cli/options.h:
src/report/renderer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/cli/option_rows.h:
src/util/escape.h:
src/util/number.h:
