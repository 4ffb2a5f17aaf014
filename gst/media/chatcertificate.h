/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The DTLS certificate of one call, and the comparison with the remote's. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Keeps OpenSSL from freeing what is its own when the process exits: a streaming
 * thread that ends just then would use it. Has an effect only before anything
 * else has used OpenSSL. Any thread, any number of times. */
void gst_chat_crypto_stay_at_exit (void);

/**
 * GstChatCertificate:
 * @pem: certificate and private key, one after the other, as the property
 *   `pem` of dtlssrtpdec takes them
 * @fingerprint: "AA:BB:…", the SHA-256 of the DER form, as `a=fingerprint`
 *   has it behind "sha-256 "
 * @not_after: when it ends, µs since 1970
 *
 * An EC P-256 key and a certificate signed with it; constant once made.
 */
typedef struct {
  gchar *pem;
  gchar *fingerprint;
  gint64 not_after;
} GstChatCertificate;

/* A new key and certificate: random serial number and name, valid from an hour
 * ago for 30 days (clocks differ). Takes a millisecond or so. Any thread. */
GstChatCertificate *gst_chat_certificate_new (GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;
void gst_chat_certificate_free (GstChatCertificate * certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatCertificate, gst_chat_certificate_free)

/* The fingerprint of the first certificate in @pem, in the one form that all
 * fingerprints have here: "sha-256 AA:BB:…", upper-case hexadecimal.
 * @type: G_CHECKSUM_SHA256, 384 or 512. MALFORMED if there is none. */
gchar *gst_chat_fingerprint_of_pem (const gchar * pem, GChecksumType type,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* An `a=fingerprint` value in that form ("SHA-256 aa:bb" becomes
 * "sha-256 AA:BB"). NULL if malformed or of a hash we do not take (sha-1). */
gchar *gst_chat_fingerprint_normalise (const gchar * value)
    G_GNUC_WARN_UNUSED_RESULT;

/* Whether the certificate in @pem (GstWebRTCDTLSTransport:remote-certificate)
 * is one of @fingerprints (normalised, NULL-terminated, as
 * GstChatSdpMedia.fingerprints). FALSE for NULL, empty or broken input. */
gboolean gst_chat_fingerprint_matches_pem (const gchar * const *fingerprints,
    const gchar * pem);

/* The next certificate, made before it is needed. All functions of the pool
 * may be called in any thread; free comes last. */
typedef struct _GstChatCertificatePool GstChatCertificatePool;

/* Begins to make the first one at once, in a thread of its own. */
GstChatCertificatePool *gst_chat_certificate_pool_new (void);
/* Waits for the thread. */
void gst_chat_certificate_pool_free (GstChatCertificatePool * pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstChatCertificatePool, gst_chat_certificate_pool_free)
/* The one that is ready, or a fresh one made here and now; never the same
 * twice, never one that is older than a day. Transfer full. */
GstChatCertificate *gst_chat_certificate_pool_take (GstChatCertificatePool * pool,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;
/* How many are ready now (0 or 1); for tests. */
guint gst_chat_certificate_pool_ready (GstChatCertificatePool * pool);

G_END_DECLS
