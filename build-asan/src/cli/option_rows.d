build-asan/src/cli/option_rows.o: src/cli/option_rows.c \
 src/cli/option_rows.h src/analyze/select.h src/model/snapshot.h \
 src/model/kind.h src/model/loss.h src/model/module.h src/cli/options.h \
 src/report/renderer.h
src/cli/option_rows.h:
src/analyze/select.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/cli/options.h:
src/report/renderer.h:
