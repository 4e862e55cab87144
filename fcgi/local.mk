# the worker
noinst_LIBRARIES += libworker.a
libworker_a_SOURCES = \
	fcgi/adopt.c \
	fcgi/adopt.h \
	fcgi/answer.c \
	fcgi/answer.h \
	fcgi/back_answer.c \
	fcgi/back_answer.h \
	fcgi/back_request.c \
	fcgi/back_request.h \
	fcgi/back_secret.c \
	fcgi/back_secret.h \
	fcgi/ask.c \
	fcgi/ask.h \
	fcgi/calls.c \
	fcgi/calls.h \
	fcgi/cell.c \
	fcgi/cell.h \
	fcgi/completion.c \
	fcgi/handler_plugin.c \
	fcgi/handler_plugin.h \
	fcgi/limit.c \
	fcgi/limit.h \
	fcgi/logging.c \
	fcgi/meta.c \
	fcgi/meta.h \
	fcgi/once.c \
	fcgi/once.h \
	fcgi/page.c \
	fcgi/page.h \
	fcgi/part.c \
	fcgi/part.h \
	fcgi/call.c \
	fcgi/call.h \
	fcgi/control.c \
	fcgi/control.h \
	fcgi/crew.c \
	fcgi/crew.h \
	fcgi/database.c \
	fcgi/database.h \
	fcgi/dispatch.c \
	fcgi/dispatch.h \
	fcgi/duty.c \
	fcgi/duty.h \
	fcgi/endpoint.c \
	fcgi/endpoint.h \
	fcgi/exec_child.c \
	fcgi/exec_child.h \
	fcgi/exec_errors.c \
	fcgi/exec_errors.h \
	fcgi/exec_progress.c \
	fcgi/exec_progress.h \
	fcgi/exec_report.h \
	fcgi/exec_words.c \
	fcgi/exec_words.h \
	fcgi/gateway.c \
	fcgi/gateway.h \
	fcgi/handler.c \
	fcgi/handler.h \
	fcgi/handler_exec.c \
	fcgi/handler_exec.h \
	fcgi/handler_http.c \
	fcgi/handler_http.h \
	fcgi/handler_sql.c \
	fcgi/handler_sql.h \
	fcgi/handler_sql_check.c \
	fcgi/heap.c \
	fcgi/heap.h \
	fcgi/heir.c \
	fcgi/heir.h \
	fcgi/http.c \
	fcgi/http.h \
	fcgi/lifecycle.c \
	fcgi/loader.c \
	fcgi/loader.h \
	fcgi/patience.c \
	fcgi/patience.h \
	fcgi/peek.c \
	fcgi/peek.h \
	fcgi/permit.c \
	fcgi/permit.h \
	fcgi/prompts.c \
	fcgi/postgres_text.c \
	fcgi/postgres_text.h \
	fcgi/reply.c \
	fcgi/reply.h \
	fcgi/resources.c \
	fcgi/rows_cursor.c \
	fcgi/rows_cursor.h \
	fcgi/slots.c \
	fcgi/slots.h \
	fcgi/snapshot.c \
	fcgi/snapshot.h \
	fcgi/sqlite.c \
	fcgi/tasks.c \
	fcgi/tasks.h \
	fcgi/tools.c \
	fcgi/worker.h
sbin_PROGRAMS += mcp-fcgi
mcp_fcgi_SOURCES = fcgi/main.c
# plugins and parts find our functions in the program that loads them
mcp_fcgi_LDFLAGS = $(AM_LDFLAGS) -rdynamic
mcp_fcgi_LDADD = libworker.a $(MCP_LIBS) $(FCGI_LIBS) $(SQLITE_LIBS)

# what stands between a worker and a program; it needs no library of ours
pkglibexec_PROGRAMS = mcp-exec
mcp_exec_SOURCES = fcgi/mcp-exec.c fcgi/exec_report.h
mcp_exec_LDADD =

# the parts that are loaded where a site needs them; see fcgi/part.h
if HAVE_CURL
pkglibexec_PROGRAMS += http.so
endif
if HAVE_LIBPQ
pkglibexec_PROGRAMS += postgres.so
endif
http_so_SOURCES = fcgi/curl.c fcgi/back_answer.c fcgi/back_request.c \
	fcgi/back_secret.c
http_so_CFLAGS = $(AM_CFLAGS) -fPIC
http_so_LDFLAGS = $(AM_LDFLAGS) -shared
http_so_LDADD = $(JSON_LIBS) $(SODIUM_LIBS) $(CURL_LIBS)
postgres_so_SOURCES = fcgi/postgres.c fcgi/postgres_text.c
postgres_so_CFLAGS = $(AM_CFLAGS) -fPIC
postgres_so_LDFLAGS = $(AM_LDFLAGS) -shared
postgres_so_LDADD = $(JSON_LIBS) $(SODIUM_LIBS) $(LIBPQ_LIBS)
