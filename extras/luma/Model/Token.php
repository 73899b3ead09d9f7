<?php

declare(strict_types=1);

namespace CommerceDynamics\InvoicePortal\Model;

use Magento\Framework\App\DeploymentConfig;

/**
 * Signs who is signed in, for five minutes: a JWT with HS256 that the portal checks.
 *
 * Key, audience (the connection's name) and address stand in app/etc/env.php:
 * 'invoice_portal' => ['key' => '…', 'connection' => 'shop', 'url' => 'https://sync.example.com'].
 */
class Token
{
    private const SECONDS = 300;

    public function __construct(private readonly DeploymentConfig $config)
    {
    }

    public function url(): string
    {
        $base = rtrim((string) $this->config->get('invoice_portal/url'), '/');
        return $base . '/api/portal/' . rawurlencode((string) $this->config->get('invoice_portal/connection'));
    }

    public function signed(int $customerId, int $now): string
    {
        $claims = [
            'sub' => (string) $customerId,
            'aud' => (string) $this->config->get('invoice_portal/connection'),
            'iat' => $now,
            'exp' => $now + self::SECONDS,
        ];
        $text = $this->encoded(json_encode(['alg' => 'HS256', 'typ' => 'JWT'], JSON_THROW_ON_ERROR))
            . '.' . $this->encoded(json_encode($claims, JSON_THROW_ON_ERROR));
        $key = (string) $this->config->get('invoice_portal/key');
        return $text . '.' . $this->encoded(hash_hmac('sha256', $text, $key, true));
    }

    private function encoded(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}
