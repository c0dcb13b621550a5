/* contain.h: what the filter that contains pages and the core, which answers what browsers say of it, agree on. */
#ifndef TACET_CONTAIN_SHARED_H
#define TACET_CONTAIN_SHARED_H

/* Where browsers report what a policy of ours holds back. */
#define TC_CONTAIN_REPORTS "/.well-known/tacet/csp-report"

#endif
