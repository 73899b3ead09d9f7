<?php

declare(strict_types=1);

namespace CommerceDynamics\InvoicePortal\Controller\Token;

use CommerceDynamics\InvoicePortal\Model\Token;
use Magento\Customer\Model\Session;
use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\Controller\Result\Json;
use Magento\Framework\Controller\Result\JsonFactory;
use Magento\Framework\Stdlib\DateTime\DateTime;

/**
 * Gives the page of a customer who is signed in their own token; anybody else gets 401.
 */
class Index implements HttpGetActionInterface
{
    public function __construct(
        private readonly Session $session,
        private readonly JsonFactory $results,
        private readonly Token $token,
        private readonly DateTime $clock,
    ) {
    }

    public function execute(): Json
    {
        $result = $this->results->create();
        $result->setHeader('Cache-Control', 'no-store', true);
        if (!$this->session->isLoggedIn()) {
            return $result->setHttpResponseCode(401)->setData(['error' => 'sign in first']);
        }
        $signed = $this->token->signed((int) $this->session->getCustomerId(), (int) $this->clock->gmtTimestamp());
        return $result->setData(['token' => $signed]);
    }
}
