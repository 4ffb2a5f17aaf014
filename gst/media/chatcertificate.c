/* SPDX-License-Identifier: LGPL-2.1-or-later
 * The DTLS certificate of one call, and the comparison with the remote's. */
#include "chatcertificate.h"

#include <string.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "chaterror.h"

void
gst_chat_crypto_stay_at_exit (void)
{
  OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT, NULL);
}

/* Browsers take 30 days, and so does nobody's call. */
#define VALID_SECONDS (30 * 24 * 60 * 60)
/* A remote whose clock is behind ours must not find it in its future. */
#define BACKDATE_SECONDS (60 * 60)
/* RFC 5280 allows 20 octets; 8 random ones are what browsers use. */
#define SERIAL_BITS 64
/* What waited in the pool for longer is made anew. */
#define POOL_MAX_AGE ((gint64) 24 * 60 * 60 * G_USEC_PER_SEC)

#define BEGIN_CERTIFICATE "-----BEGIN CERTIFICATE-----"
#define END_CERTIFICATE "-----END CERTIFICATE-----"
/* Base64 of the largest certificate that a DTLS handshake can carry. */
#define MAX_PEM_BYTES (128 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free);

static gboolean
set_crypto_error (GError ** error, const gchar * what)
{
  gchar reason[128] = "no reason given";
  unsigned long code = ERR_get_error ();
  if (code != 0) {
    ERR_error_string_n (code, reason, sizeof reason);
  }
  /* The queue is the thread's: leave nothing in it for somebody else. */
  ERR_clear_error ();
  g_set_error (error, GST_CHAT_ERROR, GST_CHAT_ERROR_FAILED,
      "Cannot make a DTLS certificate: %s: %s", what, reason);
  return FALSE;
}

static gboolean
fill_certificate (X509 * x509, EVP_PKEY * key, GError ** error)
{
  g_autoptr (BIGNUM) serial = BN_new ();
  guint8 random[8];
  if (serial == NULL
      || !BN_rand (serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY)
      || !BN_to_ASN1_INTEGER (serial, X509_get_serialNumber (x509))
      || RAND_bytes (random, sizeof random) != 1) {
    return set_crypto_error (error, "random numbers");
  }

  /* A name that says nothing about the machine or its user. */
  gchar name[2 * sizeof random + 1];
  for (guint i = 0; i < sizeof random; i++) {
    g_snprintf (name + 2 * i, 3, "%02x", random[i]);
  }
  X509_NAME *subject = X509_get_subject_name (x509);
  if (!X509_set_version (x509, X509_VERSION_3)
      || !X509_NAME_add_entry_by_txt (subject, "CN", MBSTRING_ASC,
          (const guint8 *) name, -1, -1, 0)
      || !X509_set_issuer_name (x509, subject)
      || X509_gmtime_adj (X509_getm_notBefore (x509), -BACKDATE_SECONDS) == NULL
      || X509_gmtime_adj (X509_getm_notAfter (x509), VALID_SECONDS) == NULL
      || !X509_set_pubkey (x509, key)
      || X509_sign (x509, key, EVP_sha256 ()) == 0) {
    return set_crypto_error (error, "the certificate");
  }
  return TRUE;
}

static gchar *
to_pem (X509 * x509, EVP_PKEY * key, GError ** error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  if (bio == NULL || !PEM_write_bio_X509 (bio, x509)
      || !PEM_write_bio_PrivateKey (bio, key, NULL, NULL, 0, NULL, NULL)) {
    set_crypto_error (error, "the PEM form");
    return NULL;
  }
  gchar *data;
  gsize len = BIO_get_mem_data (bio, &data);
  gchar *pem = g_strndup (data, len);
  OPENSSL_cleanse (data, len);
  return pem;
}

GstChatCertificate *
gst_chat_certificate_new (GError ** error)
{
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  g_autoptr (X509) x509 = X509_new ();
  if (key == NULL || x509 == NULL) {
    set_crypto_error (error, "the key");
    return NULL;
  }
  gint64 now = g_get_real_time ();
  if (!fill_certificate (x509, key, error)) {
    return NULL;
  }
  g_autofree gchar *pem = to_pem (x509, key, error);
  if (pem == NULL) {
    return NULL;
  }
  g_autofree gchar *fingerprint =
      gst_chat_fingerprint_of_pem (pem, G_CHECKSUM_SHA256, error);
  if (fingerprint == NULL) {
    return NULL;
  }

  GstChatCertificate *certificate = g_new0 (GstChatCertificate, 1);
  certificate->pem = g_steal_pointer (&pem);
  certificate->fingerprint = g_strdup (strchr (fingerprint, ' ') + 1);
  certificate->not_after = now + VALID_SECONDS * (gint64) G_USEC_PER_SEC;
  return certificate;
}

void
gst_chat_certificate_free (GstChatCertificate * certificate)
{
  if (certificate == NULL) {
    return;
  }
  if (certificate->pem != NULL) {
    OPENSSL_cleanse (certificate->pem, strlen (certificate->pem));
  }
  g_free (certificate->pem);
  g_free (certificate->fingerprint);
  g_free (certificate);
}

static const gchar *
hash_name (GChecksumType type)
{
  switch (type) {
    case G_CHECKSUM_SHA256:
      return "sha-256";
    case G_CHECKSUM_SHA384:
      return "sha-384";
    case G_CHECKSUM_SHA512:
      return "sha-512";
    case G_CHECKSUM_MD5:
    case G_CHECKSUM_SHA1:
      break;
  }
  return NULL;
}

static const GChecksumType hashes[] = {
  G_CHECKSUM_SHA256, G_CHECKSUM_SHA384, G_CHECKSUM_SHA512
};

static gboolean
hash_of_value (const gchar * value, GChecksumType * type, const gchar ** rest)
{
  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++) {
    const gchar *name = hash_name (hashes[i]);
    gsize len = strlen (name);
    if (g_ascii_strncasecmp (value, name, len) == 0 && value[len] == ' ') {
      *type = hashes[i];
      *rest = value + len + 1;
      return TRUE;
    }
  }
  return FALSE;
}

gchar *
gst_chat_fingerprint_of_pem (const gchar * pem, GChecksumType type,
    GError ** error)
{
  const gchar *hash = hash_name (type);
  g_return_val_if_fail (hash != NULL, NULL);

  const gchar *begin = NULL;
  const gchar *end = NULL;
  if (pem != NULL && strnlen (pem, MAX_PEM_BYTES + 1) <= MAX_PEM_BYTES) {
    begin = strstr (pem, BEGIN_CERTIFICATE);
  }
  if (begin != NULL) {
    begin += strlen (BEGIN_CERTIFICATE);
    end = strstr (begin, END_CERTIFICATE);
  }
  gsize len = 0;
  g_autofree guchar *der = NULL;
  if (end != NULL) {
    g_autofree gchar *base64 = g_strndup (begin, end - begin);
    der = g_base64_decode (base64, &len);
  }
  if (len == 0) {
    g_set_error_literal (error, GST_CHAT_ERROR, GST_CHAT_ERROR_MALFORMED,
        "No certificate in the PEM text");
    return NULL;
  }

  g_autofree gchar *hex = g_compute_checksum_for_data (type, der, len);
  GString *value = g_string_new (hash);
  for (const gchar * p = hex; *p != '\0'; p += 2) {
    g_string_append_printf (value, "%c%c%c", p == hex ? ' ' : ':',
        g_ascii_toupper (p[0]), g_ascii_toupper (p[1]));
  }
  return g_string_free (value, FALSE);
}

gchar *
gst_chat_fingerprint_normalise (const gchar * value)
{
  GChecksumType type;
  const gchar *rest;
  if (value == NULL || !hash_of_value (value, &type, &rest)) {
    return NULL;
  }
  gsize bytes = g_checksum_type_get_length (type);
  if (strlen (rest) != 3 * bytes - 1) {
    return NULL;
  }
  for (gsize i = 0; i < bytes; i++) {
    const gchar *p = rest + 3 * i;
    if (!g_ascii_isxdigit (p[0]) || !g_ascii_isxdigit (p[1])
        || (p[2] != ':' && p[2] != '\0')) {
      return NULL;
    }
  }
  g_autofree gchar *upper = g_ascii_strup (rest, -1);
  return g_strdup_printf ("%s %s", hash_name (type), upper);
}

gboolean
gst_chat_fingerprint_matches_pem (const gchar * const *fingerprints,
    const gchar * pem)
{
  if (fingerprints == NULL || pem == NULL) {
    return FALSE;
  }
  for (guint i = 0; fingerprints[i] != NULL; i++) {
    GChecksumType type;
    const gchar *rest;
    if (!hash_of_value (fingerprints[i], &type, &rest)) {
      continue;
    }
    g_autofree gchar *theirs = gst_chat_fingerprint_of_pem (pem, type, NULL);
    g_autofree gchar *said = gst_chat_fingerprint_normalise (fingerprints[i]);
    if (theirs != NULL && g_strcmp0 (theirs, said) == 0) {
      return TRUE;
    }
  }
  return FALSE;
}

/* ---- the pool ---- */

struct _GstChatCertificatePool
{
  GThread *thread;              /* constant after construction */

  GMutex lock;                  /* guards what follows */
  GCond wanted;                 /* the shelf is empty, or it is over */
  gboolean quit;
  gboolean broken;              /* it did not work: nobody tries in a loop */
  GstChatCertificate *ready;    /* the shelf; NULL: empty */
  gint64 ready_since;           /* monotonic, µs */
};

static gpointer
pool_thread (gpointer user_data)
{
  GstChatCertificatePool *pool = user_data;

  g_mutex_lock (&pool->lock);
  while (!pool->quit) {
    if (pool->ready != NULL || pool->broken) {
      g_cond_wait (&pool->wanted, &pool->lock);
      continue;
    }
    g_mutex_unlock (&pool->lock);
    GstChatCertificate *certificate = gst_chat_certificate_new (NULL);
    g_mutex_lock (&pool->lock);
    pool->ready = certificate;
    pool->ready_since = g_get_monotonic_time ();
    pool->broken = certificate == NULL;
  }
  g_mutex_unlock (&pool->lock);
  return NULL;
}

GstChatCertificatePool *
gst_chat_certificate_pool_new (void)
{
  GstChatCertificatePool *pool = g_new0 (GstChatCertificatePool, 1);
  g_mutex_init (&pool->lock);
  g_cond_init (&pool->wanted);
  pool->thread = g_thread_new ("chat-cert", pool_thread, pool);
  return pool;
}

void
gst_chat_certificate_pool_free (GstChatCertificatePool * pool)
{
  if (pool == NULL) {
    return;
  }
  g_mutex_lock (&pool->lock);
  pool->quit = TRUE;
  g_cond_signal (&pool->wanted);
  g_mutex_unlock (&pool->lock);
  g_thread_join (pool->thread);

  gst_chat_certificate_free (pool->ready);
  g_cond_clear (&pool->wanted);
  g_mutex_clear (&pool->lock);
  g_free (pool);
}

GstChatCertificate *
gst_chat_certificate_pool_take (GstChatCertificatePool * pool, GError ** error)
{
  g_mutex_lock (&pool->lock);
  GstChatCertificate *certificate = g_steal_pointer (&pool->ready);
  gint64 age = g_get_monotonic_time () - pool->ready_since;
  pool->broken = FALSE;
  g_cond_signal (&pool->wanted);
  g_mutex_unlock (&pool->lock);

  /* The monotonic clock stands still in a suspended machine. */
  if (certificate != NULL && (age > POOL_MAX_AGE
          || certificate->not_after - g_get_real_time () <
          VALID_SECONDS * (gint64) G_USEC_PER_SEC - POOL_MAX_AGE)) {
    g_clear_pointer (&certificate, gst_chat_certificate_free);
  }
  return certificate != NULL ? certificate : gst_chat_certificate_new (error);
}

guint
gst_chat_certificate_pool_ready (GstChatCertificatePool * pool)
{
  g_mutex_lock (&pool->lock);
  guint n = pool->ready != NULL ? 1 : 0;
  g_mutex_unlock (&pool->lock);
  return n;
}
