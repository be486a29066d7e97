build-asan/src/cli/help.o: src/cli/help.c src/cli/help.h \
 src/cli/option_rows.h src/cli/options.h src/report/renderer.h \
 src/model/snapshot.h src/model/kind.h src/model/loss.h \
 src/model/module.h
src/cli/help.h:
src/cli/option_rows.h:
src/cli/options.h:
src/report/renderer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
