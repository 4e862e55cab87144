# proxy-configs: what web servers and systemd are told
nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = \
	proxy-configs/nginx/broker.conf \
	proxy-configs/nginx/host.conf \
	proxy-configs/nginx/mount.conf \
	proxy-configs/nginx/routes.conf \
	proxy-configs/nginx/upstreams.conf \
	proxy-configs/nginx/worker.conf
apachedir = $(pkgdatadir)/apache
dist_apache_DATA = \
	proxy-configs/apache/host.conf \
	proxy-configs/apache/mcp-fcgi.conf \
	proxy-configs/apache/mpm.conf
EXTRA_DIST += proxy-configs/make-site

# the group of the web server, which may use the sockets
web_group = www-data

systemd_units = \
	proxy-configs/systemd/mcp-broker.service \
	proxy-configs/systemd/mcp-broker.socket \
	proxy-configs/systemd/mcp-fcgi.socket \
	proxy-configs/systemd/mcp-fcgi@.service
systemd_sources = \
	proxy-configs/systemd/hardening.conf \
	proxy-configs/systemd/mcp-broker.service.in \
	proxy-configs/systemd/mcp-broker.socket.in \
	proxy-configs/systemd/mcp-fcgi.socket.in \
	proxy-configs/systemd/mcp-fcgi@.service.in
EXTRA_DIST += $(systemd_sources) \
	proxy-configs/systemd/sysusers.conf \
	proxy-configs/systemd/tmpfiles.conf
CLEANFILES += $(systemd_units)
noinst_DATA += $(systemd_units)

$(systemd_units): $(systemd_sources)
	$(AM_V_GEN)$(MKDIR_P) proxy-configs/systemd && \
	sed -e 's|@bindir[@]|$(bindir)|g' \
	    -e 's|@sbindir[@]|$(sbindir)|g' \
	    -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	    -e 's|@web_group[@]|$(web_group)|g' \
	    -e '/^@hardening[@]$$/{' \
	    -e 'r $(srcdir)/proxy-configs/systemd/hardening.conf' \
	    -e 'd' -e '}' '$(srcdir)/$@.in' >'$@.new' && mv '$@.new' '$@'

if INSTALL_UNITS
systemdsystemunit_DATA = $(systemd_units)
endif

# the same under names of ours, as systemd wants them
install-data-hook:
if INSTALL_UNITS
	$(MKDIR_P) '$(DESTDIR)$(prefix)/lib/sysusers.d' \
	    '$(DESTDIR)$(prefix)/lib/tmpfiles.d'
	$(INSTALL_DATA) $(srcdir)/proxy-configs/systemd/sysusers.conf \
	    '$(DESTDIR)$(prefix)/lib/sysusers.d/mcp-fcgi.conf'
	$(INSTALL_DATA) $(srcdir)/proxy-configs/systemd/tmpfiles.conf \
	    '$(DESTDIR)$(prefix)/lib/tmpfiles.d/mcp-fcgi.conf'
endif

uninstall-hook:
if INSTALL_UNITS
	rm -f '$(DESTDIR)$(prefix)/lib/sysusers.d/mcp-fcgi.conf' \
	    '$(DESTDIR)$(prefix)/lib/tmpfiles.d/mcp-fcgi.conf'
endif
